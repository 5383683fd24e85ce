/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "ipc/record.h"

#define TEXT(s)                                                                                    \
	{                                                                                          \
		(s), sizeof(s) - 1                                                                 \
	}

enum { BLOBS = 1000 };

struct sample {
	struct record record;
	struct record_text references[2];
	struct record_participant participants[2];
	struct record_attachment attachments[3];
};

/* One cut attachment, one that stays, and one inside the one that stays. */
static void sample_init(struct sample *s)
{
	*s = (struct sample){
		.references = { TEXT("a@example.org"), TEXT("b@example.org") },
		.participants = {
			{ RECORD_FROM, TEXT("Anna"), TEXT("anna@example.org") },
			{ RECORD_TO, TEXT(""), TEXT("bob@example.org") },
		},
		.attachments = {
			{ .filename = TEXT("a.png"), .content_type = TEXT("image/png"),
			  .storage = RECORD_CUT, .encoding = TRANSFER_BASE64, .size = 57,
			  .raw_offset = 100, .raw_length = 76, .line_length = 76,
			  .crlf = true, .data = { 0, 57 } },
			{ .content_type = TEXT("message/rfc822"), .storage = RECORD_IN_RAW,
			  .size = 50, .raw_offset = 200, .raw_length = 50 },
			{ .content_type = TEXT("text/plain"), .storage = RECORD_IN_RAW,
			  .size = 10, .raw_offset = 220, .raw_length = 10 },
		},
	};
	s->record = (struct record){
		.flags = RECORD_HAS_DATE | RECORD_BULK,
		.date_ms = -5,
		.message_id = TEXT("1@example.org"),
		.subject = TEXT("Gr\xC3\xBC\xC3\x9F"
				"e"),
		.body_text = TEXT("Hello\n"),
		.references = s->references,
		.reference_count = 2,
		.participants = s->participants,
		.participant_count = 2,
		.attachments = s->attachments,
		.attachment_count = 3,
		.raw_length = 300,
		.skeleton_length = 224,
		.html_length = 7,
		.message = { 57, 200 },
	};
}

static void test_what_was_encoded_is_decoded(void **state)
{
	CLEANUP(strbuf_release) struct strbuf meta = STRBUF_INIT(RECORD_META_MAX);
	CLEANUP(strbuf_release) struct strbuf again = STRBUF_INIT(RECORD_META_MAX);
	CLEANUP(record_release) struct record r = { 0 };
	struct threads_error err;
	struct sample s;

	(void)state;
	sample_init(&s);
	assert_rc(record_encode(&s.record, &meta, &err), 0, &err);
	assert_rc(record_decode(meta.data, meta.len, BLOBS, &r, &err), 0, &err);
	assert_string_equal(r.subject.text, s.record.subject.text);
	assert_string_equal(r.references[1].text, "b@example.org");
	assert_string_equal(r.participants[0].name.text, "Anna");
	assert_int_equal(r.date_ms, -5);
	assert_int_equal(r.attachments[0].size, 57);
	assert_true(r.attachments[0].crlf);
	assert_rc(record_encode(&r, &again, &err), 0, &err);
	assert_int_equal(again.len, meta.len);
	assert_memory_equal(again.data, meta.data, meta.len);
}

static void test_every_cut_is_refused(void **state)
{
	CLEANUP(strbuf_release) struct strbuf meta = STRBUF_INIT(RECORD_META_MAX);
	struct sample s;

	(void)state;
	sample_init(&s);
	assert_int_equal(record_encode(&s.record, &meta, NULL), 0);
	for (size_t len = 0; len < meta.len; len++) {
		/* An exact copy, so that a read behind the end is seen by the sanitizer. */
		AUTO_FREE char *copy = malloc(len + 1);
		struct record r = { 0 };

		memcpy(copy, meta.data, len);
		assert_int_equal(record_decode(copy, len, BLOBS, &r, NULL), THREADS_EINVAL);
	}
}

typedef void break_fn(struct sample *s);

static void bad_flags(struct sample *s)
{
	s->record.flags |= 1U << 30;
}
static void bad_date(struct sample *s)
{
	s->record.flags = 0;
}
static void bad_utf8(struct sample *s)
{
	s->record.subject = (struct record_text)TEXT("\xFF");
}
static void bad_nul(struct sample *s)
{
	s->record.subject = (struct record_text)TEXT("a\0b");
}
static void bad_overlap(struct sample *s)
{
	s->attachments[1].raw_offset = 150;
}
static void bad_outside(struct sample *s)
{
	s->attachments[2].raw_length = 81;
}
static void bad_huge(struct sample *s)
{
	s->attachments[2].raw_offset = UINT64_MAX;
}
static void bad_size(struct sample *s)
{
	s->attachments[0].size = 58;
}
static void bad_line(struct sample *s)
{
	s->attachments[0].line_length = 75;
}
static void bad_data(struct sample *s)
{
	s->attachments[0].data.length = 56;
}
static void bad_kept(struct sample *s)
{
	s->attachments[1].data.length = 5;
}
static void bad_skeleton(struct sample *s)
{
	s->record.skeleton_length = 225;
}
static void bad_role(struct sample *s)
{
	s->participants[0].role = RECORD_ROLES;
}
static void bad_count(struct sample *s)
{
	s->record.participant_count = 2001;
}
static void bad_html(struct sample *s)
{
	s->record.html_length = RECORD_HTML_MAX + 1;
}

static void test_contradictions_are_refused(void **state)
{
	static break_fn *const breaks[] = {
		bad_flags,   bad_date,     bad_utf8, bad_nul,   bad_overlap,
		bad_outside, bad_huge,     bad_size, bad_line,  bad_data,
		bad_kept,    bad_skeleton, bad_role, bad_count, bad_html,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		CLEANUP(strbuf_release) struct strbuf meta = STRBUF_INIT(RECORD_META_MAX);
		struct sample s;

		sample_init(&s);
		breaks[i](&s);
		if (record_encode(&s.record, &meta, NULL) >= 0)
			fail_msg("contradiction %zu was accepted", i);
	}
}

static void test_blobs_must_lie_in_their_area(void **state)
{
	CLEANUP(strbuf_release) struct strbuf meta = STRBUF_INIT(RECORD_META_MAX);
	CLEANUP(record_release) struct record r = { 0 };
	struct sample s;

	(void)state;
	sample_init(&s);
	assert_int_equal(record_encode(&s.record, &meta, NULL), 0);
	assert_int_equal(record_decode(meta.data, meta.len, 256, &r, NULL), THREADS_EINVAL);
	assert_int_equal(record_decode(meta.data, meta.len, 257, &r, NULL), 0);
}

/* Two frames, of which the second one is not finished. */
static void test_frames_follow_each_other(void **state)
{
	CLEANUP(strbuf_release) struct strbuf meta = STRBUF_INIT(RECORD_META_MAX);
	CLEANUP(strbuf_release) struct strbuf file = STRBUF_INIT(RECORD_META_MAX);
	CLEANUP(record_release) struct record r = { 0 };
	struct record_frame frame = { .number = 7, .blobs_length = BLOBS };
	uint8_t header[RECORD_FRAME_SIZE] = { 0 }, blobs[BLOBS] = { 1 };
	const uint8_t *found;
	struct threads_error err;
	struct sample s;
	size_t offset = 0;

	(void)state;
	sample_init(&s);
	assert_rc(record_encode(&s.record, &meta, &err), 0, &err);
	frame.meta_length = meta.len;
	record_frame_encode(&frame, header);
	strbuf_add(&file, header, sizeof(header));
	strbuf_add(&file, blobs, sizeof(blobs));
	strbuf_add(&file, meta.data, meta.len);
	memset(header, 0, sizeof(header));
	strbuf_add(&file, header, sizeof(header));
	const uint8_t *data = (const uint8_t *)file.data;

	assert_rc(record_next(data, file.len, &offset, &frame, &found, &r, &err), 1, &err);
	assert_int_equal(frame.number, 7);
	assert_ptr_equal(found, data + RECORD_FRAME_SIZE);
	record_release(&r);
	assert_int_equal(offset, file.len - RECORD_FRAME_SIZE);
	assert_rc(record_next(data, file.len, &offset, &frame, &found, &r, &err), 0, &err);
	offset = 0;
	assert_int_equal(record_next(data, 500, &offset, &frame, &found, &r, &err), THREADS_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_encoded_is_decoded),
		cmocka_unit_test(test_every_cut_is_refused),
		cmocka_unit_test(test_contradictions_are_refused),
		cmocka_unit_test(test_blobs_must_lie_in_their_area),
		cmocka_unit_test(test_frames_follow_each_other),
	};

	return cmocka_run_group_tests_name("ipc/record", tests, NULL, NULL);
}
