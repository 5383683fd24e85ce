/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Five mails of a shipyard, for tests that search: accents, CJK, a file, a copy
 * to others, a label. Dates are days since 1970, so that a query's are easy to read.
 */
#ifndef THREADS_TESTS_STORE_YARD_MAILS_H
#define THREADS_TESTS_STORE_YARD_MAILS_H

#include "store/mail_fixture.h"

#define MINUTE 60000LL
#define DAY    86400000LL

static const struct mail yard_mails[] = {
	{ .date_ms = 0 * DAY + 9 * MINUTE,
	  .name = "Ann Müller",
	  .address = "ann@example.org",
	  .to_name = "Ben",
	  .to_address = "ben@example.com",
	  .subject = "Anchor chain",
	  .body = "The anchor chain arrives on Monday.",
	  .audience = 3,
	  .account = 1 },
	{ .date_ms = 1 * DAY,
	  .name = "Ben",
	  .address = "ben@example.com",
	  .to_name = "Ann Müller",
	  .to_address = "ann@example.org",
	  .subject = "Re: Anchor chain",
	  .body = "Chain received, anchor missing. Invoice 4711 attached.",
	  .audience = 3,
	  .account = 2,
	  .attachments = 1,
	  .file = "invoice.pdf",
	  .type = "application/pdf",
	  .cc = "carla@ropes.test",
	  .bcc = "tanaka@yard.test",
	  .label = "Urgent",
	  .held = 1 + 2 },
	{ .date_ms = 2 * DAY,
	  .name = "Carla",
	  .address = "carla@ropes.test",
	  .subject = "Seil",
	  .body = "Das Stahlseil liegt in Groesse zwölf bereit.",
	  .audience = 1,
	  .account = 1,
	  .conversation = 2,
	  .attachments = 2,
	  .file = "plan.dwg",
	  .type = "image/x-dwg",
	  .size = 2000000,
	  .bcc = "ben@example.com",
	  .label = "Yard/Ropes",
	  .held = 4 },
	{ .date_ms = 3 * DAY,
	  .name = "田中",
	  .address = "tanaka@yard.test",
	  .subject = "進水式",
	  .body = "本日は東京造船所の進水式にご参列いただきありがとうございます。",
	  .audience = 1,
	  .conversation = 3,
	  .account = 1,
	  .flags = 1 << 4,
	  .held = 1 },
	{ .date_ms = 4 * DAY,
	  .name = "Ben",
	  .address = "ben@example.com",
	  .subject = "Secret plan",
	  .body = "The secret anchorage is at pier 9. Call +44 20 8390 1234.",
	  .audience = 2,
	  .conversation = 4,
	  .account = 2,
	  .held = 16 },
};

#endif
