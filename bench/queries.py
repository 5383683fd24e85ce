# SPDX-License-Identifier: Apache-2.0
"""Queries for a given mailbox, by class, in the hub's words and in notmuch's."""
import collections
import email
import email.policy
import os
import re
from email.utils import parseaddr, parsedate_to_datetime

SAMPLE = 1500
EACH = 12


def read(maildir):
    """(words of the body in order, from address, month) of up to SAMPLE messages."""
    folder = os.path.join(maildir, 'cur')
    names = sorted(os.listdir(folder))
    for name in names[::max(1, len(names) // SAMPLE)]:
        with open(os.path.join(folder, name), 'rb') as f:
            message = email.message_from_binary_file(f, policy=email.policy.compat32)
        words = []
        for part in message.walk():
            if part.get_content_type() == 'text/plain':
                data = part.get_payload(decode=True) or b''
                words = re.findall(r'[^\W\d_]{3,20}', data.decode('utf-8', 'replace').lower())[:400]
                break
        try:
            month = parsedate_to_datetime(str(message.get('date'))).strftime('%Y-%m')
        except (TypeError, ValueError):
            month = None
        yield words, parseaddr(str(message.get('from', '')))[1], month


def classes(maildir):
    df, pairs, senders, months = (collections.Counter() for _ in range(4))
    total = 0
    for words, sender, month in read(maildir):
        total += 1
        ascii_words = [w for w in words if w.isascii()]
        df.update(set(ascii_words))
        pairs.update({(a, b) for a, b in zip(words, words[1:]) if a.isascii() and b.isascii()})
        if re.fullmatch(r'[\w.+-]+@[\w.-]+', sender):
            senders[sender] += 1
        if month:
            months[month] += 1
    ordered = [w for w, _ in df.most_common()]
    common = ordered[:EACH]
    rare = [w for w in ordered if df[w] <= 2][:EACH]
    middle = [w for w in ordered if df[w] > total // 50][EACH:2 * EACH] or common
    phrases = [' '.join(p) for p, _ in pairs.most_common(EACH)]
    prefixes = sorted({w[:4] for w in ordered[:400] if len(w) > 5})[:EACH]
    same = lambda texts: [(t, t) for t in texts]  # noqa: E731
    result = {
        'common': same(common),
        'rare': same(rare),
        'and': same('%s %s' % (a, b) for a, b in zip(common, reversed(middle))),
        'phrase': same('"%s"' % p for p in phrases),
        'prefix': same(p + '*' for p in prefixes),
        'from': same('from:' + s for s, _ in senders.most_common(EACH)),
        'date': [('after:%s-01 before:%s-28 %s' % (m, m, common[i % len(common)]),
                  'date:%s-01..%s-27 %s' % (m, m, common[i % len(common)])) for i, (m, _) in enumerate(months.most_common(EACH))],
    }
    return {kind: found for kind, found in result.items() if found}
