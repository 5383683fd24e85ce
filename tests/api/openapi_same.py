#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openapi_same.py YAML JSON [--write]: the hub embeds JSON, people edit YAML; both must say the same."""
import json
import sys

import yaml

with open(sys.argv[1], encoding='utf-8') as source:
    document = yaml.safe_load(source)
if '--write' in sys.argv:
    with open(sys.argv[2], 'w', encoding='utf-8') as out:
        json.dump(document, out, ensure_ascii=False, separators=(',', ':'))
        out.write('\n')
with open(sys.argv[2], encoding='utf-8') as copy:
    if json.load(copy) != document:
        sys.exit('%s is not %s: run tests/api/openapi_same.py --write' % (sys.argv[2], sys.argv[1]))
print('the same')
