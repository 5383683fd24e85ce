# SPDX-License-Identifier: Apache-2.0
"""Mail that comes again and again: weekly reports, newsletters, notices, invoices."""
import html
from datetime import datetime, timedelta

import attachments
from mailbox_writer import Mail, to_bytes
from people import PEOPLE, zone


def at(text, sender):
    return datetime.strptime(text, '%Y-%m-%d %H:%M').replace(tzinfo=zone(sender))


# ---------------------------------------------------------------- Friday reports of the yard

DONE = [
    'Petrel: frames 8 and 9 sistered, frame 11 steamed and in its place.',
    'Petrel: garboard fitted dry, scarf cut one to ten.',
    'Petrel: seams raked to the fourth strake, old putty came out like toffee.',
    'Petrel: caulking started, two strands of cotton below the waterline.',
    'Curlew: new pulpit fitted, forestay waits for the rigger.',
    'Curlew: engine mounts changed, alignment checked cold and warm.',
    'Tern: cabin top stripped to the wood, no rot below the canvas.',
    'Tern: canvas laid and painted, first coat of three.',
    'Launch: hull turned over without a scratch, eleven people and a lot of breath.',
    'Launch: motor bed glued in, shaft line laser-checked at 0.3 mm.',
    'Launch: wiring of both battery banks finished and labelled.',
    'Launch: floor boards varnished, nobody may walk there before Tuesday.',
    'Skua: propeller off, cutless bearing worn, new one ordered.',
    'Skua: rudder stock back from the machine shop.',
    'Ladoga: deck lifted on the port side, beams better than expected.',
    'Ladoga: lead model of the new knees approved by Priya.',
    'Dinghy school: all six Herons repaired, two new centreboards.',
    'Shed: new door runs on its rail, the gap at the bottom is closed.',
    'Slip: winch greased, brake band changed.',
    'Steam box: new seals, holds 98 degrees for three hours.',
]
NEXT = ['Crane on Tuesday and Thursday, high water at noon.', 'Paint shop closed on Wednesday for the filter.',
        'Timber from Kiesling expected on Thursday.', 'Henrik comes for the lift, slings laid out dry please.',
        'Apprentices are at school until Wednesday.', 'Somebody please return the long clamps to the rack.',
        'School class visits on Wednesday, shop floor swept by ten.', 'Night frost announced: drain all hoses.']
SAFETY = ['No accident this week.', 'No accident; one splinter, out again.', 'No accident, one near miss: ladder not tied. Tie the ladder.']


def reports():
    first = at('2025-09-05 16:10', 'tom')
    for week in range(40):
        when = first + timedelta(days=7 * week + (21 if week > 28 else 0))
        lines = [DONE[(week * 5 + i * 3) % len(DONE)] for i in range(3)]
        text = 'Friday again. This week:\n\n' + '\n'.join('- ' + line for line in lines)
        text += '\n\nNext week:\n\n- ' + NEXT[week % len(NEXT)] + '\n- ' + NEXT[(week * 3 + 5) % len(NEXT)]
        text += '\n\n' + SAFETY[week % len(SAFETY)] + ' Hours: %d of %d planned.\n\nTom\n' % (
            232 + week * 37 % 61, 240 + week * 13 % 40)
        yield Mail('report', 'open', when, 'tom', ['everybody'], [],
                   'Yard report, week %d' % when.isocalendar()[1], text,
                   headers=['List-Id: Everybody at Brightwater <all.brightwater.test>'])


# ---------------------------------------------------------------- a newsletter in HTML with remote pictures

ISSUES = [
    ('Why larch, why now', 'Sibling of the oak in every old hull, larch is back in fashion. We asked three sawmills what they do with a crooked log.'),
    ('The quiet engine', 'Seven harbours count electric ferries. What they save, what they cost, and who fixes them on a Sunday.'),
    ('Read the sky again', 'A retired forecaster explains five clouds that every sailor should know by name.'),
    ('A varnish that lasts', 'Ten coats, ten years, one brush. The patient method of a Danish workshop.'),
    ('Knots of the month: the constrictor', 'It holds when nothing else does, and you will need a knife to open it.'),
    ('Winter under the roof', 'Airing, not heating: how wooden boats like to spend the cold months.'),
    ('Charts on paper', 'One publisher still prints them by hand. We stood next to the press.'),
    ('Small boats, long trips', 'Four metres, one oar, eleven hundred miles: a diary in pictures.'),
    ('Copper and patience', 'What the old nail makers knew about corrosion.'),
    ('Harbours you have never heard of', 'Seven places with good holding and better soup.'),
    ('The return of the lugsail', 'Simple, strong, forgiving: why builders draw it again.'),
    ('Light in the fog', 'The lamp of Gull Rock turns since 1871. Its keeper is a computer now, and she visits it anyway.'),
    ('Oars from one tree', 'How to look at a spruce and see two pairs of oars.'),
    ('Regatta of the old ladies', 'Forty hulls, together three thousand years old.'),
    ('On the price of rope', 'Hemp, flax, polyester: we broke a lot of it.'),
    ('Teaching children to capsize', 'A sailing school lets them fall in first. It works.'),
]


def newsletters():
    month = at('2025-06-01 06:30', 'tiller')
    for number, (title, teaser) in enumerate(ISSUES, 41):
        when = month + timedelta(days=31 * (number - 41))
        other = [ISSUES[(number * 3 + k) % len(ISSUES)] for k in (1, 2)]
        text = 'THE TILLER, number %d\n\n%s\n%s\n\nAlso in this issue:\n' % (number, title, teaser)
        text += ''.join('- %s\n' % t for t, _ in other) + '\nRead on: https://tiller-news.test/%d\n' % number
        cells = ''.join('<td style="padding:12px;vertical-align:top;width:50%%"><img src="https://images.tiller-news.test/%d-%d.jpg"'
                        ' width="240" height="140" alt=""><h3 style="margin:8px 0">%s</h3><p>%s</p></td>'
                        % (number, i, html.escape(t), html.escape(x)) for i, (t, x) in enumerate(other))
        page = '''<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>The Tiller</title></head>
<body style="margin:0;background:#eef2f4;font-family:Helvetica,Arial,sans-serif;color:#223">
<table role="presentation" width="100%%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table role="presentation" width="600" style="background:#fff;max-width:100%%"><tr><td style="background:#1d4f63;color:#fff;padding:18px">
<span style="font-size:26px;font-family:Georgia,serif">The Tiller</span><br>number %d</td></tr>
<tr><td style="padding:12px"><img src="https://images.tiller-news.test/%d-cover.jpg" width="576" height="240" alt="Cover picture">
<h1 style="font-size:22px">%s</h1><p style="font-size:16px;line-height:1.5">%s</p>
<p><a href="https://tiller-news.test/%d" style="background:#c0562f;color:#fff;padding:10px 18px;text-decoration:none">Read on</a></p></td></tr>
<tr><td><table role="presentation" width="100%%"><tr>%s</tr></table></td></tr>
<tr><td style="padding:12px;font-size:12px;color:#667">You receive this letter because you asked for it.
<a href="https://tiller-news.test/leave?reader=brightwater">Leave</a></td></tr></table>
<img src="https://count.tiller-news.test/open.gif?n=%d" width="1" height="1" alt=""></td></tr></table></body></html>
''' % (number, number, html.escape(title), html.escape(teaser), number, cells, number)
        yield Mail('tiller', 'open', when, 'tiller', ['office'], [], 'The Tiller %d: %s' % (number, title), text,
                   cs='utf-8/qp', html=page.replace('\n', '\r\n'),
                   headers=['List-Id: The Tiller <letters.tiller-news.test>', 'Precedence: bulk',
                            'List-Unsubscribe: <https://tiller-news.test/leave?reader=brightwater>'])


# ---------------------------------------------------------------- parcels

PARCELS = [('2025-06-27', 'SF-60114', 'Reef Rigging', 'two slings, 12 t'), ('2025-08-30', 'SF-71009', 'Holzwerk Kiesling', 'larch, three logs'),
           ('2025-09-11', 'SF-71550', 'Holzwerk Kiesling', 'two planks'), ('2025-10-18', 'SF-74021', 'Ribera Náutica', 'resin, one pallet'),
           ('2025-10-30', 'SF-74877', 'Minato Keiki', 'instruments, one box'), ('2025-12-18', 'SF-79900', 'Portdoors', 'sliding door and rail'),
           ('2026-01-22', 'SF-83015', 'Stal-Mor', 'keel, 1,846 kg'), ('2026-03-03', 'SF-88120', 'Voilerie Le Goff', 'two sails'),
           ('2026-03-07', 'SF-88410', 'Tidemark Coatings', 'ten tins of primer'), ('2026-03-27', 'SF-90233', 'Haixing Motor', 'motor, shaft seals'),
           ('2026-06-19', 'SF-95511', 'Chandlery West', 'copper nails, 25 kg'), ('2026-08-28', 'SF-99120', 'Ribera Náutica', 'biaxial cloth, two rolls')]


def parcels():
    for day, number, sender, what in PARCELS:
        text = ('Your consignment %s is on its way.\n\nFrom: %s\nContent: %s\nExpected: between 08:00 and 13:00\n\n'
                'Follow it: https://swiftfreight.test/track/%s\n\nThis message was sent by a machine. Nobody reads answers to it.\n'
                % (number, sender, what, number))
        yield Mail('parcel', 'open', at(day + ' 07:05', 'swift'), 'swift', ['office'], ['jonas'],
                   'Consignment %s from %s arrives today' % (number, sender), text, cs='utf-8/qp',
                   headers=['Auto-Submitted: auto-generated'])


# ---------------------------------------------------------------- invoices as HTML tables, with a PDF

INVOICES = [
    ('2025-07-01', 'henrik', 'NS-2025-331', [('Inspection of travel lift', 1, 420.0), ('Load table, engraved', 1, 65.0)]),
    ('2025-09-15', 'sabine', 'HK-25-1804', [('Lärche, astarm, 28 mm, m³', 1.2, 1480.0), ('Fracht', 1, 390.0)]),
    ('2025-10-21', 'lucia', 'RN-7741', [('Epoxi de curado lento, kg', 60, 14.2), ('Endurecedor, kg', 18, 13.46), ('Tejido biaxial, rollo', 2, 156.0)]),
    ('2025-11-04', 'sato', 'MK-25-0912', [('MK-210 風向風速計', 3, 410.0), ('MB-48 電池残量計', 1, 365.0), ('シャント', 2, 48.0)]),
    ('2025-12-01', 'coatings', 'TC-5520', [('Antifouling, blue, tin', 12, 58.5), ('Thinner, litre', 10, 6.9)]),
    ('2026-01-20', 'gosia', 'SM/14/2026', [('Kil stalowy BW-K7', 1, 21400.0)]),
    ('2026-02-27', 'claire', 'VLG-2026-019', [('Grand-voile, 16,4 m²', 1, 2180.0), ('Foc, 9,1 m²', 1, 1360.0)]),
    ('2026-03-02', 'ledger', 'LL-0226', [('Accounts of 2025', 1, 2950.0)]),
    ('2026-03-30', 'wang', 'HX-20260330', [('HX-10W 电动机', 1, 1860.0), ('轴封', 3, 45.0)]),
    ('2026-06-30', 'henrik', 'NS-2026-298', [('Inspection of travel lift', 1, 435.0)]),
    ('2026-08-31', 'lucia', 'RN-8190', [('Tejido biaxial, rollo', 2, 161.0)]),
    ('2026-10-02', 'coatings', 'TC-6015', [('Antifouling, black, tin', 8, 59.9), ('Primer 7752, tin', 6, 71.0)]),
]


def invoices():
    for day, sender, number, items in INVOICES:
        total = sum(count * price for _, count, price in items)
        rows = ''.join('<tr><td>%s</td><td align="right">%g</td><td align="right">%.2f</td><td align="right">%.2f</td></tr>\r\n'
                       % (html.escape(name), count, price, count * price) for name, count, price in items)
        page = ('<!DOCTYPE html>\r\n<html><head><meta charset="utf-8"><style>table { border-collapse: collapse } td, th '
                '{ border: 1px solid #ccd; padding: 4px 10px }</style></head><body><h2>Invoice %s</h2>\r\n<table><tr><th>Article</th>'
                '<th>Quantity</th><th>Price</th><th>Sum</th></tr>\r\n%s<tr><td colspan="3"><b>Total</b></td><td align="right"><b>%.2f</b>'
                '</td></tr></table>\r\n<p>Payable within 30 days. Thank you!</p></body></html>\r\n' % (number, rows, total))
        text = 'Invoice %s\n\n' % number + ''.join('%g x %s at %.2f = %.2f\n' % (c, n, p, c * p) for n, c, p in items)
        text += '\nTotal: %.2f\n\nPayable within 30 days. Thank you!\n' % total
        lines = ['INVOICE ' + number, PEOPLE[sender][1].split('@')[1], ''] + [
            '%-40s %10.2f' % (n if n.isascii() else 'Position %d' % i, c * p) for i, (n, c, p) in enumerate(items, 1)]
        name = 'invoice-%s.pdf' % number.replace('/', '-')
        yield Mail('invoice', 'open', at(day + ' 10:00', sender), sender, ['office'], ['jonas'], 'Invoice ' + number, text,
                   cs='utf-8/base64', html=page,
                   attach=[(name, 'application/pdf', attachments.pdf(lines + ['', 'Total %46.2f' % total]))])


# ---------------------------------------------------------------- invitations (calendar files)

MEETINGS = [('2025-10-01', 'mara', ['tom', 'priya', 'jonas'], 'Season review', '20251003T130000Z', '20251003T150000Z', 'Loft above the big shed'),
            ('2026-01-07', 'mara', ['tom', 'priya', 'jonas', 'office'], 'Plan for the year', '20260109T090000Z', '20260109T120000Z', 'Loft above the big shed'),
            ('2026-03-30', 'tom', ['eleanor', 'mara', 'office'], 'Launch of Petrel', '20260411T090000Z', '20260411T110000Z', 'Travel lift'),
            ('2026-05-18', 'priya', ['mara', 'tom'], 'Range test of the launch', '20260522T070000Z', '20260522T120000Z', 'East jetty'),
            ('2026-09-24', 'jonas', ['mara', 'priya'], 'Set-up at the boat show', '20261008T050000Z', '20261008T120000Z', 'Hall B, stand 41')]


def invitations():
    for day, sender, to, title, start, end, place in MEETINGS:
        lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Brightwater//Pennant//EN', 'METHOD:REQUEST', 'BEGIN:VEVENT',
                 'UID:%s@brightwater.test' % start, 'DTSTAMP:%sT080000Z' % day.replace('-', ''), 'DTSTART:' + start, 'DTEND:' + end,
                 'SUMMARY:' + title, 'LOCATION:' + place.replace(',', '\\,'), 'ORGANIZER:mailto:' + PEOPLE[sender][1]]
        lines += ['ATTENDEE;RSVP=TRUE:mailto:' + PEOPLE[k][1] for k in to] + ['END:VEVENT', 'END:VCALENDAR', '']
        text = '%s\n\nPlace: %s\nThe invitation is attached; your calendar can read it.\n' % (title, place)
        yield Mail('invitation', 'open', at(day + ' 09:00', sender), sender, to, [], 'Invitation: ' + title, text,
                   attach=[('invite.ics', 'text/calendar; charset=utf-8; method=REQUEST', '\r\n'.join(lines).encode())])


# ---------------------------------------------------------------- harbour notices

NOTICES = [('2025-05-26', 'Dredging in the outer basin', 'From 2 to 13 June the dredger works in the outer basin between 06:00 and 18:00. Keep clear of its wires; pass to the west.'),
           ('2025-08-11', 'Light of the north mole out of order', 'The green light of the north mole is out of order until Friday. A temporary light, fixed green, is shown.'),
           ('2025-11-02', 'Storm warning', 'North-west 9 to 10, gusts of 40 m/s, from Monday evening. Double your lines. The crane is closed.'),
           ('2026-01-15', 'Ice in the inner basin', 'The inner basin carries 6 cm of ice. It does not carry you.'),
           ('2026-04-02', 'New tide tables', 'Tide tables for the summer are at the office. High water on 11 April is at 11:48.'),
           ('2026-07-20', 'Swimming race on Saturday', 'The harbour is closed for motor vessels from 10:00 to 12:30. Two hundred heads, all of them soft.'),
           ('2026-10-19', 'Winter hours', 'From 1 November the office is open from 08:00 to 15:00.')]


def notices():
    for day, title, words in NOTICES:
        yield Mail('notice', 'open', at(day + ' 11:30', 'harbour'), 'harbour', ['office'], [], 'Notice to mariners: ' + title,
                   words + '\n\nPort Ellery Harbour Office\n', headers=['Precedence: bulk'])


# ---------------------------------------------------------------- odd ones

def bounce():
    when = at('2026-08-17 09:01', 'daemon')
    report = ('--=_report\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nYour message could not be delivered to one recipient.\r\n'
              'The mailbox curlew@example.org is full. Nothing more will be tried.\r\n\r\n--=_report\r\nContent-Type: message/delivery-status'
              '\r\n\r\nReporting-MTA: dns; mx.brightwater.test\r\n\r\nFinal-Recipient: rfc822; curlew@example.org\r\nAction: failed\r\n'
              'Status: 5.2.2\r\n\r\n--=_report\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: office@brightwater.test\r\n'
              'To: curlew@example.org\r\nSubject: Winter storage 2026/27: list and first come, first served\r\n\r\n--=_report--\r\n')
    return Mail('bounce', 'open', when, 'daemon', ['office'], [], 'Undelivered mail returned to sender', '',
                headers=['Auto-Submitted: auto-replied'],
                raw_body=b'Content-Type: multipart/report; report-type=delivery-status; boundary="=_report"\r\n\r\n' + report.encode())


def forwarded():
    inner = Mail('forward', 'open', at('2026-09-02 19:14', 'eleanor'), 'eleanor', ['tom'], [], 'A noise like a cricket',
                 'Dear Tom,\n\nsince Sunday something chirps under the cockpit sole, only on port tack and only above five knots. '
                 'I have looked for an insect. There is none.\n\nEleanor\n')
    text = ('Priya,\n\nEleanor\'s mail is attached as it came. I say rudder bearing, lower one. What do you say?\n\nTom\n')
    return [Mail('forward', 'open', at('2026-09-03 07:20', 'tom'), 'tom', ['priya'], [], 'Fwd: A noise like a cricket', text,
                 attach=[('A noise like a cricket.eml', 'message/rfc822', to_bytes(inner))])]


def code():
    return Mail('code', 'private', at('2026-07-06 08:58', 'portal'), 'portal', ['mara'], [], 'Your sign-in code',
                'Your one-time code for the Port Ellery portal is 482 913.\n\nIt is valid for ten minutes. '
                'If you did not ask for it, somebody mistyped a name; you need do nothing.\n',
                headers=['Auto-Submitted: auto-generated'])


def away():
    return [Mail('away', 'open', at('2025-12-22 08:00', 'jonas'), 'jonas', ['lucia'], [], 'Away until 7 January',
                 'Thank you for your message. I am away until 7 January and read nothing until then. '
                 'If a boat is sinking, please call the office; if it is only leaking, Tom.\n\nJonas Weber\n',
                 headers=['Auto-Submitted: auto-replied'])]


def mails():
    out = []
    for source in (reports, newsletters, parcels, invoices, invitations, notices, forwarded, away):
        out += list(source())
    return out + [bounce(), code()]
