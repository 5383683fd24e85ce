# SPDX-License-Identifier: Apache-2.0
"""Who writes: all invented, with addresses of reserved domains only."""
from datetime import timedelta, timezone

# name: (display name, address, language, mail program)
PEOPLE = {
    'mara': ('Mara Lindqvist', 'mara@brightwater.test', 'en', 'Pennant 4.2'),
    'tom': ('Tom Ashdown', 'tom@brightwater.test', 'en', 'Pennant 4.2 (phone)'),
    'priya': ('Priya Nair', 'priya@brightwater.test', 'en', 'Pennant 4.2'),
    'jonas': ('Jonas Weber', 'jonas@brightwater.test', 'en', 'Pennant 4.2'),
    'office': ('Brightwater Boatyard', 'office@brightwater.test', 'en', 'Pennant 4.2'),
    'everybody': ('Everybody at Brightwater', 'all@brightwater.test', 'en', ''),
    'customers': ('Brightwater customers', 'customers@brightwater.test', 'en', ''),
    'eleanor': ('Eleanor Finch', 'eleanor.finch@example.org', 'en', 'Letterbox 11'),
    'dmitri': ('Dmitri Arden', 'd.arden@example.com', 'en', 'Letterbox 11'),
    'henrik': ('Henrik Solheim', 'solheim@norther-survey.test', 'en', 'Letterbox 10.8'),
    'harbour': ('Port Ellery Harbour Office', 'office@portellery.example.org', 'en', 'CivicMail 2'),
    'claims': ('Ada Quill, Harbour Mutual', 'claims@harbour-mutual.example.com', 'en', 'CaseDesk 7.1'),
    'coatings': ('Noor Haddad', 'noor@tidemark-coatings.test', 'en', 'Letterbox 11'),
    'ledger': ('Oliver Lowe', 'oliver@ledger-lowe.example.com', 'en', 'Letterbox 11'),
    'show': ('Harbour Boat Show', 'stands@harbour-boat-show.test', 'en', 'CaseDesk 7.1'),
    'sabine': ('Sabine Kiesling', 's.kiesling@holzwerk-kiesling.test', 'de', 'Postreiter 3.1'),
    'uwe': ('Uwe Brandt (Sägewerk)', 'u.brandt@holzwerk-kiesling.test', 'de', 'Postreiter 3.1'),
    'ingrid': ('Ingrid Lindqvist', 'ingrid.lindqvist@example.com', 'de', 'Letterbox 9'),
    'yann': ('Yann Le Goff', 'yann@voilerie-legoff.test', 'fr', 'Courrier 5'),
    'claire': ('Claire Morvan', 'claire@voilerie-legoff.test', 'fr', 'Courrier 5'),
    'lucia': ('Lucía Ortega', 'lucia.ortega@ribera-nautica.test', 'es', 'Letterbox 11'),
    'sato': ('佐藤 健', 'sato@minato-keiki.test', 'ja', 'Tegami 8'),
    'wang': ('王丽', 'wangli@haixing-motor.test', 'zh', 'Letterbox 10.8'),
    'gosia': ('Małgorzata Wójcik', 'm.wojcik@stalmor.test', 'pl', 'Poczta 6'),
    'grzegorz': ('Grzegorz Żak', 'g.zak@stalmor.test', 'pl', 'Poczta 6'),
    'alexei': ('Алексей Смирнов', 'smirnov@ladoga-yacht.test', 'ru', 'Letterbox 9'),
    'khalid': ('خالد الحربي', 'khalid@almarsa-marine.test', 'ar', 'Letterbox 11'),
    'castell': ('Rupert Castell', 'rc@castell-holdings.test', 'en', 'Letterbox 11'),
    'school': ('Port Ellery School, 4b', 'class4b@school.portellery.example.org', 'en', 'CivicMail 2'),
    'dentist': ('Practice Dr. Hale', 'desk@dr-hale.test', 'en', 'CivicMail 2'),
    'clinic': ('Quay Street Clinic', 'results@quaystreet-clinic.test', 'en', 'CivicMail 2'),
    'landlord': ('Gordon Pell', 'gordon.pell@example.org', 'en', 'Letterbox 9'),
    'swift': ('Swiftfreight', 'noreply@swiftfreight.test', 'en', 'Tracker'),
    'tiller': ('The Tiller', 'letters@tiller-news.test', 'en', 'Broadsheet'),
    'portal': ('Port Ellery Portal', 'noreply@portal.portellery.example.org', 'en', 'CivicMail 2'),
    'daemon': ('Mail Delivery System', 'mailer-daemon@mx.brightwater.test', 'en', ''),
}

ZONES = {'en': 1, 'de': 2, 'fr': 2, 'es': 2, 'ja': 9, 'zh': 8, 'pl': 2, 'ru': 3, 'ar': 3}
REPLY = {'en': 'Re: ', 'de': 'AW: ', 'fr': 'RE: ', 'es': 'RE: ', 'ja': 'Re: ', 'zh': '回复: ',
         'pl': 'Odp: ', 'ru': 'Re: ', 'ar': 'رد: '}
WROTE = {
    'en': 'On %(date)s, %(name)s wrote:',
    'de': 'Am %(date)s schrieb %(name)s:',
    'fr': 'Le %(date)s, %(name)s a écrit :',
    'es': 'El %(date)s, %(name)s escribió:',
    'ja': '%(date)s、%(name)s のメール:',
    'zh': '%(date)s，%(name)s 写道：',
    'pl': 'W dniu %(date)s %(name)s pisze:',
    'ru': '%(date)s %(name)s пишет:',
    'ar': 'في %(date)s كتب %(name)s:',
}


def zone(key):
    return timezone(timedelta(hours=ZONES[PEOPLE[key][2]]))
