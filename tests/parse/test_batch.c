/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "core/encode.h"
#include "verify.h"

/* One message at a time: what the last record said, copied out of it. */
struct seen {
	uint32_t flags;
	int64_t date_ms;
	size_t people, references, attachments, cut, compressed, folded;
	char subject[200], text[4000], html[4000], names[1000];
	uint8_t digest[RECORD_DIGEST_SIZE];
	uint64_t last_size;
};

static void look(void *arg, const struct verify_message *m)
{
	struct seen *seen = arg;
	const struct record *r = m->record;

	*seen = (struct seen){
		.flags = r->flags,
		.date_ms = r->date_ms,
		.people = r->participant_count,
		.references = r->reference_count,
		.attachments = r->attachment_count,
		.folded = m->folded,
	};
	snprintf(seen->subject, sizeof(seen->subject), "%s", r->subject.text);
	snprintf(seen->text, sizeof(seen->text), "%s", r->body_text.text);
	snprintf(seen->html, sizeof(seen->html), "%.*s", (int)r->html_length,
		 m->plain + r->skeleton_length);
	memcpy(seen->digest, r->digest, sizeof(seen->digest));
	for (size_t i = 0; i < r->attachment_count; i++) {
		const size_t used = strlen(seen->names);

		seen->cut += r->attachments[i].storage == RECORD_CUT;
		seen->compressed += r->attachments[i].compressed;
		seen->last_size = r->attachments[i].size;
		snprintf(seen->names + used, sizeof(seen->names) - used, "%s%s", i ? "|" : "",
			 r->attachments[i].filename.text);
	}
}

static struct seen parse(struct mime *mime, const char *raw, size_t len)
{
	const struct batch_entry entry = { 0, len };
	AUTO_FD int fd = memfd_create("test", MFD_CLOEXEC);
	struct threads_error err;
	struct seen seen = { 0 };
	const unsigned char *input = (const unsigned char *)raw;

	assert_rc(
		batch_parse(mime, &(struct batch_input){ input, len, &entry, 1 }, fd, false, &err),
		0, &err);
	assert_rc(verify_output(fd, input, &entry, 1, look, &seen, &err), 0, &err);
	return seen;
}

static struct seen parse_text(struct mime *mime, const char *raw)
{
	return parse(mime, raw, strlen(raw));
}

static int setup(void **state)
{
	struct mime *mime = NULL;
	const int rc = mime_open(&mime, NULL);

	*state = mime;
	return rc;
}

static int teardown(void **state)
{
	mime_close(*state);
	return 0;
}

static void test_simple_message(void **state)
{
	const struct seen s =
		parse_text(*state, "From: Anna <anna@example.org>\r\n"
				   "To: bob@example.org, \"Chris, C.\" <c@example.org>\r\n"
				   "Bcc: d@example.org\r\n"
				   "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"
				   "Date: Mon, 1 Jan 2024 01:00:00 +0100\r\n"
				   "References: <a@x> <b@x>\r\n"
				   "\r\n"
				   "Hello\r\n\r\nWorld\r\n");

	assert_string_equal(s.subject, "Gr\xC3\xBC\xC3\x9F"
				       "e");
	assert_string_equal(s.text, "Hello\n\nWorld\n");
	assert_string_equal(s.html, "");
	assert_int_equal(s.people, 4);
	assert_int_equal(s.references, 2);
	assert_int_equal(s.flags, RECORD_HAS_DATE);
	assert_int_equal(s.date_ms, 1704067200000);
}

/* A base64 attachment of size bytes in lines of line characters. */
static void add_base64(struct strbuf *mail, size_t size, size_t line, const char *eol, bool random)
{
	CLEANUP(strbuf_release) struct strbuf data = STRBUF_INIT(16 << 20);
	CLEANUP(strbuf_release) struct strbuf b64 = STRBUF_INIT(32 << 20);
	uint32_t x = 12345;

	for (size_t i = 0; i < size; i++) {
		x = x * 1664525 + 1013904223;
		strbuf_add_char(&data, random ? (char)(x >> 24) : (char)('a' + i % 7));
	}
	base64_append(&b64, data.data, data.len);
	for (size_t p = 0; p < b64.len; p += line) {
		strbuf_add(mail, b64.data + p, b64.len - p < line ? b64.len - p : line);
		strbuf_add_str(mail, eol);
	}
}

struct layout {
	const char *name;
	size_t size, line;
	const char *eol, *tail;
	bool random, cut, compressed;
};

static void test_attachments_are_cut_only_if_exact(void **state)
{
	static const struct layout layouts[] = {
		{ "usual", 5000, 76, "\r\n", "", true, true, false },
		{ "compressible", 5000, 76, "\r\n", "", false, true, true },
		{ "line feeds", 5001, 72, "\n", "", true, true, false },
		{ "padding", 5002, 64, "\n", "", true, true, false },
		{ "many chunks", 400000, 76, "\r\n", "", true, true, false },
		{ "many chunks, compressible", 400001, 76, "\r\n", "", false, true, true },
		{ "blank lines behind", 5000, 76, "\r\n", "\r\n\r\n", true, true, false },
		{ "one line", 600, 4000, "\r\n", "", true, true, false },
		{ "odd lines", 5000, 75, "\r\n", "", true, false, false },
		{ "text behind", 300000, 76, "\r\n", "not base64\r\n", true, false, false },
		{ "small", 60, 76, "\r\n", "", true, false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(32 << 20);
		const struct layout *l = &layouts[i];
		struct seen s;

		strbuf_addf(&mail, "Subject: %s%sContent-Type: multipart/mixed; boundary=b%s%s",
			    l->name, l->eol, l->eol, l->eol);
		strbuf_addf(&mail, "--b%s%stext%s--b%s", l->eol, l->eol, l->eol, l->eol);
		strbuf_addf(&mail, "Content-Type: image/png; name=x.png%s", l->eol);
		strbuf_addf(&mail, "Content-Transfer-Encoding: base64%s%s", l->eol, l->eol);
		add_base64(&mail, l->size, l->line, l->eol, l->random);
		strbuf_addf(&mail, "%s--b--%s", l->tail, l->eol);
		s = parse(*state, mail.data, mail.len);
		if (s.attachments != 1 || s.cut != l->cut || s.compressed != l->compressed ||
		    (l->cut && s.last_size != l->size) || strcmp(s.names, "x.png") != 0)
			fail_msg("%s: %zu attachments '%s', %zu cut, %zu compressed, size %llu",
				 l->name, s.attachments, s.names, s.cut, s.compressed,
				 (unsigned long long)s.last_size);
	}
}

static const char *const line_ends[] = { "\n", "\r\n" };

/* A mail whose text is size bytes as base64 in lines of line characters, each line but the
 * last one ended by eol, and then by tail. */
static struct seen parse_base64_text(struct mime *mime, size_t size, size_t line, const char *eol,
				     const char *tail)
{
	CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(1 << 20);

	strbuf_addf(&mail, "Subject: x%sContent-Transfer-Encoding: base64%s%s", eol, eol, eol);
	add_base64(&mail, size, line, eol, false);
	mail.len -= strlen(eol);
	strbuf_add_str(&mail, tail);
	return parse(mime, mail.data, mail.len);
}

/* Texts in base64 of each layout are kept decoded, and verify_output() finds that each
 * gives the same bytes again; what cannot be written again stays as it came. */
static void test_base64_texts_are_folded_if_exact(void **state)
{
	static const char *const tails[] = { "", "\n", "\r\n", "\r\n\r\n", "\n\n\n" };
	static const char *const odd[] = { "\r\nnot base64", "=", "A", " ", "\r\nQUJD\r\n" };

	for (size_t line = 4; line <= 1000; line += 4)
		for (size_t i = 0; i < ARRAY_SIZE(line_ends); i++) {
			const size_t size = 900 + (line / 4 + i) % 3; /* each padding */
			const struct seen s = parse_base64_text(*state, size, line, line_ends[i],
								tails[(line / 4 + i) % 5]);

			if (s.folded != 1 || s.attachments != 0 || strlen(s.text) != size)
				fail_msg("lines of %zu, %zu bytes: %zu runs, text of %zu", line,
					 size, s.folded, strlen(s.text));
		}
	for (size_t line = 70; line <= 80; line++)
		if (line % 4 != 0)
			assert_int_equal(parse_base64_text(*state, 900, line, "\r\n", "").folded,
					 0);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		if (parse_base64_text(*state, 901, 76, "\r\n", odd[i]).folded != 0)
			fail_msg("folded in spite of \"%s\"", odd[i]);
	assert_int_equal(parse_base64_text(*state, 30, 76, "\r\n", "").folded, 0); /* too short */
	assert_int_equal(parse_base64_text(*state, 60000, 76, "\r\n", "").folded, 1);
}

static void add_part(struct strbuf *mail, const char *type, size_t size, const char *eol)
{
	strbuf_addf(mail, "--b%sContent-Type: %s%s", eol, type, eol);
	strbuf_addf(mail, "Content-Transfer-Encoding: base64%s%s", eol, eol);
	add_base64(mail, size, 76, eol, false);
}

/* Folded texts between attachments that are cut, with and without HTML, and more parts
 * than a fold has room for. */
static void test_folds_and_cuts_stand_side_by_side(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(line_ends); i++) {
		CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(4 << 20);
		const char *eol = line_ends[i];
		struct seen s;

		strbuf_addf(&mail, "Content-Type: multipart/mixed; boundary=b%s%s", eol, eol);
		add_part(&mail, "text/plain", 100, eol);
		add_part(&mail, "image/png", 3000, eol);
		add_part(&mail, "text/html", 3000, eol);
		add_part(&mail, "image/png", 301, eol); /* too small for a blob of its own */
		add_part(&mail, "image/png", 2000, eol);
		strbuf_addf(&mail, "--b--%s", eol);
		s = parse(*state, mail.data, mail.len);
		assert_int_equal(s.folded, 3);
		assert_int_equal(s.cut, 2);
		assert_int_equal(strlen(s.html) > 3000, 1);
		mail.len -= 5 + strlen(eol);
		for (int more = 0; more < 300; more++)
			add_part(&mail, "text/plain", 50 + (size_t)more, eol);
		s = parse(*state, mail.data, mail.len);
		assert_int_equal(s.folded, 255);
		assert_int_equal(s.cut, 2);
	}
}

/* What is attached to an attached message stays in the skeleton, but folded. */
static void test_attached_messages_are_folded(void **state)
{
	CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(1 << 20);
	struct seen s;

	strbuf_add_str(&mail, "Content-Type: message/rfc822\n\n"
			      "Content-Type: multipart/mixed; boundary=b\n\n");
	add_part(&mail, "text/plain", 500, "\n");
	add_part(&mail, "application/pdf; name=in.pdf", 5000, "\n");
	strbuf_add_str(&mail, "--b--\n");
	s = parse(*state, mail.data, mail.len);
	assert_int_equal(s.folded, 2);
	assert_int_equal(s.cut, 0);
}

#define ATTACHED                                                                                   \
	"From: a@example.org\nSubject: outer\nContent-Type: multipart/mixed; boundary=o\n\n"       \
	"--o\nContent-Type: text/plain\n\nsee below\n"                                             \
	"--o\nContent-Type: message/rfc822\n\n"                                                    \
	"From: inner@example.org\nSubject: in/side\nContent-Type: multipart/mixed; boundary=i\n\n" \
	"--i\nContent-Type: text/plain\n\ninner words\n"                                           \
	"--i\nContent-Type: application/pdf; name=in.pdf\n\npdf bytes\n--i--\n\n"                  \
	"--o\nContent-Type: application/pdf; name=out.pdf\n\nother\n--o--\n"

static void test_attached_messages_are_read_too(void **state)
{
	const struct seen s = parse_text(*state, ATTACHED);

	assert_string_equal(s.text, "see below\n\nFrom: inner@example.org\nSubject: in/side\n\n"
				    "inner words");
	assert_string_equal(s.names, "in_side.eml|in.pdf|out.pdf");
	assert_string_equal(s.subject, "outer");
}

/* The digest is that of the content, whatever happened on the way. */
static void test_copies_have_the_same_digest(void **state)
{
	static const char head[] = "Message-ID: <1@example.org>\nFrom: a@example.org\nSubject: s\n";
	static const struct {
		const char *name, *more;
		bool same;
	} cases[] = {
		{ "control", "\nFrom here \xC3\xBC\nend\n", true },
		{ "received", "Received: by x\nBcc: me@example.org\n\nFrom here \xC3\xBC\nend\n",
		  true },
		{ "mbox quoting", "\n>From here \xC3\xBC\nend\n\n\n", true },
		{ "quoted-printable",
		  "Content-Transfer-Encoding: quoted-printable\n\nFrom here =C3=BC\nend\n", true },
		{ "base64", "Content-Transfer-Encoding: base64\n\nRnJvbSBoZXJlIMO8DQplbmQNCg==\n",
		  true },
		{ "blanks at line ends", "\nFrom here \xC3\xBC  \nend\n", true },
		{ "other words", "\nFrom here \xC3\xBC\nEnd\n", false },
		{ "other date", "Date: Mon, 1 Jan 2024 01:00:00 +0100\n\nFrom here \xC3\xBC\nend\n",
		  false },
	};
	struct seen first = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(4000);
		struct seen s;

		strbuf_add_str(&mail, head);
		strbuf_add_str(&mail, cases[i].more);
		s = parse(*state, mail.data, mail.len);
		if (i == 0)
			first = s;
		if ((memcmp(first.digest, s.digest, sizeof(s.digest)) == 0) != cases[i].same)
			fail_msg("%s: digest is %s", cases[i].name,
				 cases[i].same ? "other" : "the same");
	}
}

static void test_garbage_is_not_taken_for_copies(void **state)
{
	const struct seen a = parse_text(*state, "\n\n\n"), b = parse_text(*state, "\n\n\n\n");
	const struct seen c = parse_text(*state, "From: a@example.org\n\n\n");
	const struct seen d = parse_text(*state, "From: a@example.org\n\n\n\n");

	assert_memory_not_equal(a.digest, b.digest, sizeof(a.digest));
	assert_memory_equal(c.digest, d.digest, sizeof(c.digest)); /* control */
}

static void test_bodies(void **state)
{
	static const struct {
		const char *name, *mail, *text, *html, *attachments;
	} cases[] = {
		{ "alternative",
		  "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n"
		  "--b\nContent-Type: text/html\n\n<b>html</b>\n--b--\n",
		  "plain", "<b>html</b>", "" },
		{ "html alone", "Content-Type: text/html\n\n<p>a<p>b &amp; c", "a\nb & c",
		  "<p>a<p>b &amp; c", "" },
		{ "blank plain",
		  "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n\n"
		  "--b\nContent-Type: text/html\n\n<b>html</b>\n--b--\n",
		  "html", "<b>html</b>", "" },
		{ "plain beside html",
		  "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1 < 2\n"
		  "--b\nContent-Type: text/html\n\n<i>footer</i>\n--b--\n",
		  "1 < 2\n\nfooter", "<pre>1 &lt; 2</pre>\n<i>footer</i>", "" },
		{ "related",
		  "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\nx\n"
		  "--b\nContent-Type: image/png; name=logo.png\nContent-ID: <l@x>\n\nPNG\n--b--\n",
		  "x", "x", "logo.png" },
		{ "text file",
		  "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n"
		  "--b\nContent-Disposition: attachment; filename=a.txt\n\nnot body\n--b--\n",
		  "body", "", "a.txt" },
		{ "signed",
		  "Content-Type: multipart/signed; boundary=b\n\n--b\n\nbody\n"
		  "--b\nContent-Type: application/pgp-signature; name=s.asc\n\nx\n--b--\n",
		  "body", "", "s.asc" },
		{ "no boundary", "Content-Type: multipart/mixed; boundary=b\n\nlost words\n",
		  "lost words\n", "", "" },
		{ "empty", "", "", "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct seen s = parse_text(*state, cases[i].mail);

		if (strcmp(s.text, cases[i].text) != 0 || strcmp(s.html, cases[i].html) != 0 ||
		    strcmp(s.names, cases[i].attachments) != 0)
			fail_msg("%s: text '%s' html '%s' attachments '%s'", cases[i].name, s.text,
				 s.html, s.names);
	}
}

static void test_flags(void **state)
{
	static const struct {
		const char *mail;
		uint32_t flags;
	} cases[] = {
		{ "Subject: hello\n\nx\n", 0 },
		{ "List-Id: <l.example.org>\n\nx\n", RECORD_BULK },
		{ "Precedence: bulk\n\nx\n", RECORD_BULK },
		{ "Auto-Submitted: no\n\nx\n", 0 },
		{ "Auto-Submitted: auto-replied (rejected)\n\nx\n", RECORD_AUTO_SUBMITTED },
		{ "X-Threads-Notice: invitation\n\nx\n", RECORD_OWN_NOTICE },
		{ "From: noreply@example.org\nSubject: Sign in\n\nYour code is 123456\n",
		  RECORD_ONE_TIME_CODE },
		{ "From: anna@example.org\nSubject: lunch\n\nYour code is 123456\n", 0 },
		{ "\n-----BEGIN PGP MESSAGE-----\n", RECORD_ENCRYPTED },
		{ "Content-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--\n",
		  RECORD_ENCRYPTED },
		{ "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx\n",
		  RECORD_ENCRYPTED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct seen s = parse_text(*state, cases[i].mail);

		if (s.flags != cases[i].flags)
			fail_msg("flags %x, not %x: %s", s.flags, cases[i].flags, cases[i].mail);
	}
}

static void test_lists_are_bounded_and_say_so(void **state)
{
	CLEANUP(strbuf_release) struct strbuf mail = STRBUF_INIT(4 << 20);
	struct seen s;

	strbuf_add_str(&mail, "To: x@example.org");
	for (int i = 0; i < 3000; i++)
		strbuf_addf(&mail, ",\n %d@example.org", i);
	strbuf_add_str(&mail, "\nReferences:");
	for (int i = 0; i < 3000; i++)
		strbuf_addf(&mail, "\n <%d@x>", i);
	strbuf_add_str(&mail, "\n\nbody\n");
	s = parse(*state, mail.data, mail.len);
	assert_int_equal(s.people, RECORD_PARTICIPANTS_MAX);
	assert_int_equal(s.references, RECORD_REFERENCES_MAX);
	assert_int_equal(s.flags, RECORD_TEXT_CUT);
	assert_string_equal(s.text, "body\n");
}

static void test_a_batch_keeps_its_order(void **state)
{
	static const char mails[] = "Subject: 1\n\na\n" ATTACHED "Subject: 3\n\nc\n";
	const size_t first = strlen("Subject: 1\n\na\n");
	const struct batch_entry entries[] = {
		{ 0, first },
		{ first, sizeof(ATTACHED) - 1 },
		{ first + sizeof(ATTACHED) - 1, first },
		{ sizeof(mails) - 1, 0 },
	};
	AUTO_FD int fd = memfd_create("test", MFD_CLOEXEC);
	const unsigned char *input = (const unsigned char *)mails;
	struct batch_input batch = { input, sizeof(mails) - 1, entries, 4 };
	struct threads_error err;
	struct seen seen;

	assert_rc(batch_parse(*state, &batch, fd, true, &err), 0, &err);
	assert_rc(verify_output(fd, input, entries, 4, look, &seen, &err), 0, &err);
	assert_string_equal(seen.subject, "");
	batch.len--;
	assert_int_equal(batch_parse(*state, &batch, fd, false, &err), THREADS_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple_message),
		cmocka_unit_test(test_attachments_are_cut_only_if_exact),
		cmocka_unit_test(test_base64_texts_are_folded_if_exact),
		cmocka_unit_test(test_folds_and_cuts_stand_side_by_side),
		cmocka_unit_test(test_attached_messages_are_folded),
		cmocka_unit_test(test_attached_messages_are_read_too),
		cmocka_unit_test(test_copies_have_the_same_digest),
		cmocka_unit_test(test_garbage_is_not_taken_for_copies),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_lists_are_bounded_and_say_so),
		cmocka_unit_test(test_a_batch_keeps_its_order),
	};

	return cmocka_run_group_tests_name("parse/batch", tests, setup, teardown);
}
