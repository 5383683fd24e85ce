# SPDX-License-Identifier: Apache-2.0
"""What a search must find, the slow and obvious way: every mail is read with Python's own
parser, every query is judged mail by mail. Shares no code and no design with src/query."""
import calendar
import datetime
import email
import email.policy
import html
import re
import unicodedata

PAIRS = re.compile('[\u0e00-\u0e7f\u1000-\u109f\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f]')
FAMILIES = {
    'image': ('image/', 'png jpg jpeg gif'), 'pdf': ('application/pdf', 'pdf'), 'calendar': ('text/calendar', 'ics'),
    'spreadsheet': ('text/csv', 'csv xls xlsx ods'), 'document': ('application/vnd.openxmlformats-officedocument.wordprocessingml', 'docx doc odt rtf'),
    'archive': ('application/zip', 'zip gz tar'), 'audio': ('audio/', 'mp3 wav ogg'), 'video': ('video/', 'mp4 mov'),
}
SAME = {'excel': 'spreadsheet', 'word': 'document', 'invite': 'calendar', 'zip': 'archive', 'photo': 'image'}


def words(text):
    """Words as people see them: no case, no accents; scripts without spaces give single signs."""
    plain = ''
    for c in unicodedata.normalize('NFD', text):
        # The short and the double-dotted letters of Cyrillic are letters of their own.
        if not unicodedata.combining(c) or (c in '\u0306\u0308' and 'а' <= plain[-1:].casefold() <= 'я'):
            plain += c
    plain = plain.casefold()
    out, word, run = [], '', False
    for c in plain:
        if PAIRS.match(c):
            out += [word] * bool(word)
            word = ''
            out += [c] if run else [None, c]
            run = True
            continue
        run = False
        if c.isalnum():
            word += c
        else:
            out += [word] * bool(word)
            word = ''
    return out + [word] * bool(word)


def stands_in(text, wanted, prefix):
    have, want = words(text), words(wanted)
    while want and want[0] is None:
        want.pop(0)
    if not want:
        return None  # decides nothing
    for i in range(len(have) - len(want) + 1):
        if have[i:i + len(want) - 1] == want[:-1] and have[i + len(want) - 1] is not None:
            last = have[i + len(want) - 1]
            if last == want[-1] or (prefix and last.startswith(want[-1])):
                return True
    return False


class Copy:
    """One file of one account: where it lies and what its keeper knew."""

    def __init__(self, account, folder, flags=None, labels=(), bcc=''):
        self.account, self.folder, self.flags, self.labels, self.bcc = account, folder, flags, labels, bcc


class Mail:
    def __init__(self, number, data):
        m = email.message_from_bytes(data, policy=email.policy.default)
        self.number, self.size, self.copies = number, len(data), []
        self.when = m['date'].datetime.astimezone(datetime.timezone.utc)
        self.sender = ' '.join('%s %s' % (a.display_name, a.addr_spec) for a in m['from'].addresses)
        self.address = m['from'].addresses[0].addr_spec
        self.cc = ['%s %s' % (a.display_name, a.addr_spec) for a in m['cc'].addresses] if m['cc'] else []
        self.to = ['%s %s' % (a.display_name, a.addr_spec) for a in m['to'].addresses] + self.cc
        self.subject = str(m['subject'])
        self.bulk = m['list-id'] is not None or m['precedence'] in ('bulk', 'list')
        self.automatic = (m['auto-submitted'] or 'no') != 'no'
        self.files, texts, pages = [], [], []
        self.read_parts(m, texts, pages)
        self.body = '\n'.join(texts or [html.unescape(re.sub(r'<(style|script).*?</\1>|<[^>]*>', ' ', p, flags=re.S)) for p in pages])

    def read_parts(self, part, texts, pages):
        if part.is_multipart() and part.get_content_type() != 'message/rfc822':
            for child in part.iter_parts():
                self.read_parts(child, texts, pages)
            return
        kind, name = part.get_content_type(), part.get_filename()
        if kind == 'text/plain' and not name:
            texts.append(part.get_content())
        elif kind == 'text/html' and not name:
            pages.append(part.get_content())
        else:
            self.files.append((kind, name or ''))

    def is_type(self, kind):
        kind = SAME.get(kind.lower(), kind.lower())
        if kind in ('mail', 'email'):
            return True
        types, ends = FAMILIES.get(kind, (kind if '/' in kind else '\0', kind))
        return any(t.startswith(types) or n.lower().rsplit('.', 1)[-1] in ends.split() for t, n in self.files)


# ---------------------------------------------------------------- queries

PIECE = re.compile(r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<minus>-+(?=[^\s)]))|(?P<name>[a-z_]+):\s*(?=[^\s)])|'
                   r'"(?P<phrase>[^"]*)"?(?P<star>\*?)|(?P<word>[^\s()"]+))', re.I)
NAMES = ('from to cc bcc with subject filename account folder label has type is before after on older newer larger '
         'smaller in older_than newer_than').split()


class Query:
    """A function for each query, made from its text: holds(mail) -> True, False, None (decides nothing)."""

    def __init__(self, text, viewer):
        self.text, self.at, self.viewer, self.depth = text, 0, viewer, 0
        self.holds = self.any('')

    def piece(self, peek=False):
        m = PIECE.match(self.text, self.at)
        if m and m.group('name') and m.group('name').lower() not in NAMES:
            m = re.compile(r'\s*(?P<word>[^\s()"]+)').match(self.text, self.at)
        if m and not peek:
            self.at = m.end()
        return {k: v for k, v in m.groupdict().items() if v is not None} if m else {}

    def any(self, name):
        sides = [self.all(name)]
        while self.piece(True).get('word') == 'OR':
            self.piece()
            sides.append(self.all(name))
        sides = [s for s in sides if s]
        if len(sides) < 2:
            return sides[0] if sides else None
        return lambda mail: None if all(s(mail) is None for s in sides) else any(s(mail) for s in sides)

    def all(self, name):
        parts = []
        while True:
            next_ = self.piece(True)
            if not next_ or next_.get('word') == 'OR' or ('close' in next_ and self.depth):
                break
            if 'close' in next_ or next_.get('word') == 'AND':
                self.piece()
                continue
            parts.append(self.item(name))
        parts = [p for p in parts if p]
        return (lambda mail: all(p(mail) is not False for p in parts)) if parts else None

    def item(self, name):
        p = self.piece()
        if 'minus' in p:
            inner = self.item(name)
            return inner and (lambda mail: None if inner(mail) is None else not inner(mail))
        if 'open' in p:
            self.depth += 1
            inner = self.any(name)
            self.depth -= 1
            if 'close' in self.piece(True):
                self.piece()
            return inner
        if 'name' in p:
            return self.item(p['name'].lower())
        value = p.get('phrase', p.get('word', ''))
        prefix = bool(p.get('star')) or ('word' in p and value.endswith('*'))
        return self.term(name, value.strip('*') if 'word' in p else value, prefix)

    def held(self, mail):
        return [c for c in mail.copies if c.account in self.viewer]

    def term(self, name, value, prefix):
        text = {'from': lambda m: [m.sender], 'to': lambda m: m.to, 'subject': lambda m: [m.subject],
                'filename': lambda m: [f for _, f in m.files], 'cc': lambda m: m.cc,
                'with': lambda m: [m.sender] + m.to,
                '': lambda m: [m.subject, m.sender, m.body] + m.to + [f for _, f in m.files],
                'bcc': lambda m: [c.bcc for c in self.held(m)],
                'label': lambda m: [label for c in self.held(m) for label in c.labels],
                'folder': lambda m: [c.folder for c in self.held(m)],
                'account': lambda m: [c.account for c in self.held(m)]}
        if name == 'in':
            name = 'folder'
        if name in text:
            if not words(value):
                return None
            short = prefix and name == '' and len(value) < 3 and not PAIRS.match(value)
            get = (lambda m: [m.subject, m.sender] + m.to) if short else text[name]
            return lambda m: any(stands_in(t, value, prefix or name == 'account') for t in get(m))
        return getattr(self, 'term_' + name.split('_')[0])(value)

    def term_has(self, value):
        return (lambda m: bool(m.files)) if value.lower() in ('attachment', 'attachments', 'file') else self.term_type(value)

    def term_type(self, value):
        return lambda m: m.is_type(value)

    def term_is(self, value):
        message = {'bulk': lambda m: m.bulk, 'newsletter': lambda m: m.bulk, 'automatic': lambda m: m.automatic}
        if value in message:
            return message[value]
        flag = {'unread': '', 'read': 'S', 'seen': 'S', 'flagged': 'F', 'starred': 'F', 'answered': 'R', 'replied': 'R'}[value]
        if not flag:
            return lambda m: any(c.flags is not None and 'S' not in c.flags for c in self.held(m))
        return lambda m: any(flag in (c.flags or '') for c in self.held(m))

    @staticmethod
    def span(value):
        parts = [int(n) for n in re.split('[-/.]', value)]
        if '.' in value:
            parts.reverse()
        year, month, day = (parts + [1, 1])[:3]
        first = datetime.datetime(year, month, day, tzinfo=datetime.timezone.utc)
        days = {1: 365 + calendar.isleap(year), 2: calendar.monthrange(year, month)[1], 3: 1}[len(parts)]
        return first, first + datetime.timedelta(days=days)

    def term_on(self, value):
        first, behind = self.span(value)
        return lambda m: first <= m.when < behind

    def term_after(self, value):
        return lambda m: m.when >= self.span(value)[0]

    def term_before(self, value):
        return lambda m: m.when < self.span(value)[0]

    term_newer, term_older = term_after, term_before

    @staticmethod
    def bytes_of(value):
        number, unit = re.fullmatch(r'([\d.]+)([kmg]?)b?', value.lower()).groups()
        return float(number) * {'': 1, 'k': 1e3, 'm': 1e6, 'g': 1e9}[unit]

    def term_larger(self, value):
        return lambda m: m.size >= self.bytes_of(value)

    def term_smaller(self, value):
        return lambda m: m.size < self.bytes_of(value)


def find(mails, query, viewer):
    """Numbers of the mails that a viewer, who holds these accounts, finds."""
    holds = Query(query, viewer).holds
    return [m.number for m in mails if holds is None or holds(m) is not False]
