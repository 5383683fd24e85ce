# SPDX-License-Identifier: Apache-2.0
"""Small hand-made files: PDF, PNG, CSV, Word document."""
import io
import struct
import zipfile
import zlib

TEXTS = {
    'offer-2025-118': ['OFFER 2025-118', 'Brightwater Boatyard, Port Ellery', '', 'for "Petrel", wooden sloop of 1964', '',
                       'Garboard strake to port, larch            2,350.00', 'Three frames                              1,480.00',
                       'Seams below the waterline                 1,900.00', 'Priming and antifouling                     720.00',
                       '', 'Total                                     6,450.00', '', 'Valid until 30 June 2025.'],
    'inspection-report': ['INSPECTION REPORT', 'Travel lift 12 t, serial 0917-22', '', 'Result: passed with three remarks.',
                          '1. Sling no. 4 worn at the eye', '2. Horn weak', '3. Load table of the left leg illegible', '',
                          'Certificate valid until 30 June 2026.'],
    'permit-se-0417': ['PERMIT SE-0417', 'Port Ellery Harbour Office', '', 'Repair of the slipway at Brightwater Boatyard,',
                       'sealing of storm drain D-7.', '', 'From 1 August to 12 September 2025.',
                       'No concrete within two hours of high water.'],
    'devis-2025-064': ['DEVIS 2025-064', 'Voilerie Le Goff', '', 'Grand-voile, 16.4 m2                      2 180,00',
                       'Foc, 9.1 m2                               1 360,00', '', 'Total                                     3 540,00'],
    'mb48-datasheet': ['MB-48 BATTERY MONITOR', 'Minato Keiki', '', 'Banks: 2    Shunt: 500 A / 50 mV, one per bank',
                       'Bus: NMEA 2000    Supply: 9 to 32 V    Protection: IP67'],
    'questions-launch': ['Questions about the launch', '1. How many hours a day is she under way?',
                         '2. Is there shade at the jetty?', '3. Which plug stands there, and how many amperes does it give?',
                         '4. How far do the waves come in during the winter?', '5. Is sand blown over the jetty?'],
    'open-day-plan': ['Open day, 30 May', 'Gate and car park: to be found', 'Steam box: Tom, every full hour',
                      'Lines and screen: Priya', 'Mobile saw: Holzwerk Kiesling', 'Tea and cake: office, big shed',
                      'First-aid box: beside the office door'],
}
TABLES = {
    'slipway-levels': 'sleeper,west_mm,east_mm\n' + ''.join(
        '%d,%d,%d\n' % (n, -n * 120, -n * 120 - max(0, n - 13) * 7) for n in range(1, 25)),
    'storm-costs': 'item,supplier,amount\nemergency boarding,own hours,1180.00\ndoor with rail,Portdoors,6920.00\n'
                   'forestay and pulpit Curlew,Reef Rigging,2140.60\ncabin top Tern,own hours,1500.00\nexcess,,-500.00\n',
    'mesures-petrel': 'mesure,sans vent (m),avec vent (m),écart (mm)\nguindant,9.84,9.83,10\nbordure,3.62,3.62,0\n'
                      'barres de flèche,5.10,5.10,0\ntriangle avant,2.94,2.95,10\n',
    'stock-2025': 'line,article,quantity,unit,value,remark\n12,larch 28 mm,0.94,m3,1391.20,a fifth is in Petrel\n'
                  '13,oak crooks,14,piece,980.00,\n27,epoxy resin,46,kg,839.00,\n31,copper nails,22,kg,506.00,\n'
                  '44,"bronze, various",1,box,200.00,not for sale\n',
    'range-test': 'minute,speed_kn,power_kw,bank_percent\n' + ''.join(
        '%d,%.1f,%.2f,%d\n' % (m, 5.0 + (m % 40) / 100, 2.9 + (m % 30) / 50, 100 - m * 82 // 250)
        for m in range(0, 251, 10)),
}
DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'


def make(kind, name):
    if kind == 'pdf':
        return name + '.pdf', 'application/pdf', pdf(TEXTS[name])
    if kind == 'csv':
        return name + '.csv', 'text/csv; charset=utf-8', TABLES[name].encode('utf-8')
    if kind == 'docx':
        return name + '.docx', DOCX, docx(TEXTS[name])
    return name + '.png', 'image/png', DRAWINGS[name]()


def pdf(lines):
    """One page of fixed-width text: header, five objects, cross-reference table."""
    def escape(text):
        return text.replace('\\', '\\\\').replace('(', '\\(').replace(')', '\\)')
    text = 'BT /F1 11 Tf 14 TL 64 760 Td ' + ' '.join('(%s) Tj T*' % escape(l) for l in lines) + ' ET'
    objects = ['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
               '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R'
               ' /Resources << /Font << /F1 4 0 R >> >> >>',
               '<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>',
               '<< /Length %d >>\nstream\n%s\nendstream' % (len(text), text)]
    out, offsets = '%PDF-1.4\n', []
    for i, obj in enumerate(objects, 1):
        offsets.append(len(out))
        out += '%d 0 obj\n%s\nendobj\n' % (i, obj)
    start = len(out)
    out += 'xref\n0 %d\n0000000000 65535 f \n' % (len(objects) + 1) + ''.join('%010d 00000 n \n' % o for o in offsets)
    out += 'trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n' % (len(objects) + 1, start)
    return out.encode('latin-1')


def png(width, height, pixel):
    rows = b''.join(b'\0' + b''.join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))

    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(rows, 9)) + chunk(b'IEND', b''))


def hull(x, y, width, height):
    """Distance below the sheer line and above the keel: a boat in profile."""
    t = x / width
    sheer = height * (0.28 + 0.10 * (1 - (2 * t - 1) ** 2))
    keel = height * (0.50 + 0.30 * (1 - (2 * t - 0.9) ** 2))
    return sheer < y < keel, (y - sheer) / max(1.0, keel - sheer)


def planks(marked):
    width, height = 420, 190

    def pixel(x, y):
        inside, depth = hull(x - 20, y, width - 40, height)
        if not inside or not 20 <= x < width - 20:
            return (206, 226, 236) if y < height * 0.62 else (150, 190, 206)
        strake = int(depth * 9)
        if marked and strake == 8 and 150 < x < 260:
            return (196, 52, 43)
        edge = depth * 9 - strake < 0.12
        return (104, 72, 44) if edge else (176 - strake * 6, 128 - strake * 5, 82 - strake * 3)
    return png(width, height, pixel)


def rings():
    def pixel(x, y):
        r = ((x - 150) ** 2 + ((y - 150) * 1.06) ** 2) ** 0.5
        if r > 140:
            return (244, 241, 234)
        if r > 132:
            return (92, 66, 44)
        late = (r * 0.9) % 7 < 2.2
        return (171, 112, 62) if late else (222, 176, 116)
    return png(300, 300, pixel)


def keel_drawing():
    def pixel(x, y):
        top, bottom = 40, 150
        left, right = 60 + (y - top) * 0.35, 360 - (y - top) * 0.15
        if top <= y <= bottom and left <= x <= right:
            hole = min((x - 96) ** 2 + (y - 56) ** 2, (x - 330) ** 2 + (y - 56) ** 2) < 64
            edge = y in (top, bottom) or x - left < 2 or right - x < 2
            return (255, 255, 255) if hole else (30, 60, 90) if edge else (198, 210, 220)
        return (232, 238, 243) if (x % 30 == 0 or y % 30 == 0) else (255, 255, 255)
    return png(420, 190, pixel)


def logo():
    """A sail and a wave."""
    def pixel(x, y):
        if 10 < y < 36 and 20 < x < 20 + (y - 10) * 0.9:
            return (32, 84, 110)
        if 38 <= y <= 42 and (x // 8) % 2 == (y // 3) % 2:
            return (64, 150, 170)
        return (255, 255, 255)
    return png(160, 48, pixel)


DRAWINGS = {'petrel-garboard': lambda: planks(True), 'stirnholz': rings, 'kil-bw-k7': keel_drawing}


def docx(lines):
    from xml.sax.saxutils import escape
    word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
    package = 'http://schemas.openxmlformats.org/package/2006/'
    files = [('[Content_Types].xml', '<Types xmlns="%scontent-types"><Default Extension="rels" ContentType='
              '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml"'
              ' ContentType="%s.main+xml"/></Types>' % (package, DOCX.replace('.document', '.document', 1))),
             ('_rels/.rels', '<Relationships xmlns="%srelationships"><Relationship Id="r1" Type="http://schemas.'
              'openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
              '</Relationships>' % package),
             ('word/document.xml', '<w:document xmlns:w="%s"><w:body>%s</w:body></w:document>' % (
                 word, ''.join('<w:p><w:r><w:t>%s</w:t></w:r></w:p>' % escape(l) for l in lines)))]
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text)
    return out.getvalue()
