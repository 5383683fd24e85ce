#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the sample mailbox: generate.py [FOLDER], default mail/ beside this file.

The stories in stories/*.txt are turned into mails with the headers, charsets,
encodings, quotes and attachments that real ones have; recurring mail (reports,
notices, invoices, newsletters) comes from recurring.py. The same input gives the
same bytes. The result is committed: nobody needs Python to install the hub.
"""
import os
import shutil
import sys

import mailbox_writer
import recurring

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, 'mail')
    shutil.rmtree(out, ignore_errors=True)
    mails = []
    folder = os.path.join(HERE, 'stories')
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding='utf-8') as f:
            mails += mailbox_writer.read_stories(f.read())
    mails += recurring.mails()
    mails.sort(key=lambda m: (m.when, m.thread))
    for part in ('open', 'private'):
        os.makedirs(os.path.join(out, part))
    for number, mail in enumerate(mails, 1):
        path = os.path.join(out, mail.folder, '%03d-%s.eml' % (number, mail.thread))
        with open(path, 'wb') as f:
            f.write(mailbox_writer.to_bytes(mail))
        os.utime(path, (mail.when.timestamp(),) * 2)
    print('%d mails in %s' % (len(mails), out))


main()
