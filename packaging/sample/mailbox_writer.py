# SPDX-License-Identifier: Apache-2.0
"""From stories to mails: headers, threads, quotes, charsets, encodings, parts."""
import base64
import hashlib
import html
import re
from datetime import datetime

import attachments
from people import PEOPLE, REPLY, WROTE, zone


class Mail:
    def __init__(self, thread, folder, when, sender, to, cc, subject, text, **more):
        self.thread, self.folder, self.when = thread, folder, when
        self.sender, self.to, self.cc = sender, to, cc
        self.subject, self.text = subject, text
        self.parent = more.get('parent')
        self.references = self.parent.references + [self.parent.id] if self.parent else []
        self.charset, self.encoding = more.get('cs', 'utf-8/8bit').split('/')
        self.html = more.get('html')          # True: made from the text; or HTML text
        self.attach = more.get('attach', [])  # [(file name, content type, bytes)]
        self.inline = more.get('inline')      # (content id, content type, bytes)
        self.headers = more.get('headers', [])
        self.quote = more.get('quote', True)
        self.raw_body = more.get('raw_body')  # (content type, bytes): instead of all of this
        digest = hashlib.sha256(('%s %s %s' % (thread, when, sender)).encode()).hexdigest()
        self.id = '<%s.%s@%s>' % (when.strftime('%Y%m%d%H%M'), digest[:12], PEOPLE[sender][1].split('@')[1])


def read_stories(text):
    mails = []
    for story in re.split(r'^== ', text, flags=re.M)[1:]:
        head, rest = story.split('\n', 1)
        thread, folder = head.split()
        subject = re.match(r'Subject: (.*)\n', rest).group(1)
        parent = None
        for block in re.split(r'^@ ', rest, flags=re.M)[1:]:
            parent = read_mail(thread, folder, subject, parent, block)
            mails.append(parent)
    return mails


def read_mail(thread, folder, subject, parent, block):
    head, body = block.split('\n', 1)
    words = head.split()
    when = datetime.strptime(words[0], '%Y-%m-%dT%H:%M')
    sender, to = words[1].split('>')
    cc, more = [], {}
    rest = words[2:]
    while rest:
        word = rest.pop(0)
        if word == 'cc':
            cc = rest.pop(0).split(',')
        elif word == 'html':
            more['html'] = True
        elif word.startswith('cs='):
            more['cs'] = word[3:]
        elif word.startswith('att='):
            more['attach'] = [attachments.make(*word[4:].split(':'))]
        else:
            raise ValueError('%s: %s' % (thread, word))
    when = when.replace(tzinfo=zone(sender))
    if parent:
        subject = REPLY[PEOPLE[sender][2]] + subject
    if more.get('html') and PEOPLE[sender][1].endswith('@brightwater.test'):
        more['inline'] = ('logo.brightwater', 'image/png', attachments.logo())
    return Mail(thread, folder, when, sender, to.split(','), cc, subject, body.strip('\n') + '\n',
                parent=parent, **more)


# ---------------------------------------------------------------- headers

def encoded_word(text, charset):
    """RFC 2047, B or Q, in words of at most 75 characters, cut between characters."""
    out, chunk = [], ''
    for char in text:
        if len(base64.b64encode((chunk + char).encode(charset))) > 50:
            out.append(chunk)
            chunk = ''
        chunk += char
    out.append(chunk)
    return '\r\n '.join('=?%s?B?%s?=' % (charset, base64.b64encode(c.encode(charset)).decode()) for c in out)


def header_text(text, charset):
    if text.isascii():
        return fold(text)
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        charset = 'utf-8'
    return encoded_word(text, charset)


def fold(text):
    lines, line = [], ''
    for word in text.split(' '):
        if line and len(line) + len(word) > 66:
            lines.append(line)
            line = ''
        line = line + ' ' + word if line else word
    return '\r\n '.join(lines + [line])


def address(key, charset):
    name, addr = PEOPLE[key][:2]
    if not name.isascii():
        return '%s <%s>' % (header_text(name, charset), addr)
    if re.fullmatch(r"[A-Za-z0-9 -]+", name):
        return '%s <%s>' % (name, addr)
    return '"%s" <%s>' % (name, addr)


def headers(mail):
    cs = mail.charset
    h = ['Return-Path: <%s>' % PEOPLE[mail.sender][1],
         'Received: from mx.%s ([192.0.2.%d])\r\n\tby mx.brightwater.test with ESMTPS; %s'
         % (PEOPLE[mail.sender][1].split('@')[1], int(mail.id[14:16], 16), rfc5322(mail.when)),
         'Message-ID: ' + mail.id, 'Date: ' + rfc5322(mail.when), 'From: ' + address(mail.sender, cs),
         'To: ' + ',\r\n '.join(address(k, cs) for k in mail.to)]
    if mail.cc:
        h.append('Cc: ' + ',\r\n '.join(address(k, cs) for k in mail.cc))
    h.append('Subject: ' + header_text(mail.subject, cs))
    if mail.parent:
        h += ['In-Reply-To: ' + mail.parent.id, 'References: ' + '\r\n '.join(mail.references)]
    if PEOPLE[mail.sender][3]:
        h.append('User-Agent: ' + PEOPLE[mail.sender][3])
    return h + mail.headers + ['MIME-Version: 1.0']


def rfc5322(when):
    days = 'Mon Tue Wed Thu Fri Sat Sun'.split()
    months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()
    return '%s, %d %s %s' % (days[when.weekday()], when.day, months[when.month - 1],
                             when.strftime('%Y %H:%M:%S %z'))


# ---------------------------------------------------------------- bodies

def wrote(mail, by):
    return WROTE[by] % {'date': mail.when.strftime('%Y-%m-%d %H:%M'), 'name': PEOPLE[mail.sender][0]}


def wrap(paragraph, width):
    lines, line = [], ''
    for word in paragraph.split(' '):
        if line and len(line) + len(word) >= width:
            lines.append(line)
            line = ''
        line = line + ' ' + word if line else word
    return lines + [line]


def plain_text(mail):
    lines = []
    for paragraph in mail.text.rstrip('\n').split('\n'):
        lines += wrap(paragraph, 76)
    if mail.parent and mail.quote:
        lines += ['', wrote(mail.parent, PEOPLE[mail.sender][2])]
        for line in mail.parent.text.rstrip('\n').split('\n'):
            lines += [('> ' + l).rstrip() for l in wrap(line, 74)]
    return '\r\n'.join(lines) + '\r\n'


def html_text(mail):
    def paragraphs(text):
        out = []
        for block in re.split(r'\n\n+', text.strip()):
            if block.startswith('* '):
                items = re.split(r'^\* ', block, flags=re.M)[1:]
                out.append('<ul>' + ''.join('<li>%s</li>' % html.escape(i.strip()) for i in items) + '</ul>')
            else:
                out.append('<p>%s</p>' % html.escape(block).replace('\n', '<br>'))
        return '\r\n'.join(out)
    rtl = ' dir="rtl"' if PEOPLE[mail.sender][2] == 'ar' else ''
    out = ['<!DOCTYPE html>', '<html lang="%s"%s><head><meta charset="%s">' % (PEOPLE[mail.sender][2], rtl, mail.charset),
           '<style>body { font-family: Georgia, serif; color: #1c2b33 } blockquote { border-left: 2px solid #9ab;'
           ' margin: 0 0 0 .5em; padding-left: .8em; color: #456 }</style></head><body>', paragraphs(mail.text)]
    if mail.inline:
        out.append('<p><img src="cid:%s" width="160" height="48" alt="Brightwater Boatyard"></p>' % mail.inline[0])
    if mail.parent and mail.quote:
        out.append('<p>%s</p>\r\n<blockquote>%s</blockquote>'
                   % (html.escape(wrote(mail.parent, PEOPLE[mail.sender][2])), paragraphs(mail.parent.text)))
    return '\r\n'.join(out + ['</body></html>', ''])


def base64_lines(data):
    text = base64.b64encode(data).decode()
    return '\r\n'.join(text[i:i + 76] for i in range(0, len(text), 76)).encode() + b'\r\n'


def quoted_printable(data):
    out = []
    for line in data.split(b'\r\n'):
        text = ''
        for i, byte in enumerate(line):
            last = i == len(line) - 1
            plain = 33 <= byte <= 126 and byte != 61 or byte in (9, 32) and not last
            piece = chr(byte) if plain else '=%02X' % byte
            if len(text) + len(piece) > 75:
                out.append(text + '=')
                text = ''
            text += piece
        out.append(text)
    return '\r\n'.join(out).encode()


def encode_text(text, charset, encoding):
    """(transfer encoding, bytes); falls back to UTF-8 for quotes the charset cannot say."""
    try:
        data = text.encode(charset)
    except UnicodeEncodeError:
        charset, data = 'utf-8', text.encode('utf-8')
    if encoding == 'base64':
        return charset, 'base64', base64_lines(data)
    if encoding == 'qp':
        return charset, 'quoted-printable', quoted_printable(data)
    if all(b < 128 for b in data):
        encoding = '7bit'
        charset = 'us-ascii' if charset == 'utf-8' else charset
    return charset, encoding if encoding != '7bit' or all(b < 128 for b in data) else '8bit', data


def text_part(mail, kind, text):
    charset, encoding, data = encode_text(text, mail.charset, mail.encoding)
    head = 'Content-Type: text/%s; charset=%s\r\nContent-Transfer-Encoding: %s\r\n' % (kind, charset, encoding)
    return head.encode() + b'\r\n' + data


def multipart(mail, kind, parts, level):
    boundary = '=_%s_%d' % (mail.id[14:26], level)
    out = ('Content-Type: multipart/%s; boundary="%s"\r\n\r\n' % (kind, boundary)).encode()
    for part in parts:
        out += b'--' + boundary.encode() + b'\r\n' + part + (b'' if part.endswith(b'\r\n') else b'\r\n')
    return out + b'--' + boundary.encode() + b'--\r\n'


def file_part(name, kind, data, disposition='attachment', content_id=None):
    from urllib.parse import quote
    label = 'filename="%s"' % name if name.isascii() else "filename*=utf-8''%s" % quote(name)
    head = 'Content-Type: %s\r\nContent-Disposition: %s; %s\r\n' % (kind, disposition, label)
    if content_id:
        head += 'Content-ID: <%s>\r\n' % content_id
    if kind == 'message/rfc822':
        return head.encode() + b'\r\n' + data
    return (head + 'Content-Transfer-Encoding: base64\r\n\r\n').encode() + base64_lines(data)


def body(mail):
    if mail.raw_body:
        return mail.raw_body
    part = text_part(mail, 'plain', plain_text(mail))
    if mail.html:
        rich = text_part(mail, 'html', mail.html if isinstance(mail.html, str) else html_text(mail))
        if mail.inline:
            image = file_part('logo.png', mail.inline[1], mail.inline[2], 'inline', mail.inline[0])
            rich = multipart(mail, 'related', [rich, image], 2)
        part = multipart(mail, 'alternative', [part, rich], 1)
    if mail.attach:
        part = multipart(mail, 'mixed', [part] + [file_part(*a) for a in mail.attach], 0)
    return part


def to_bytes(mail):
    return '\r\n'.join(headers(mail)).encode('utf-8') + b'\r\n' + body(mail)
