/* SPDX-License-Identifier: Apache-2.0 */
#include "store/recipe.h"

#include "store/rebuild.h"

enum {
	RECIPE_VERSION = 2,
	RECIPE_HEAD_FIELDS = 11,
	RECIPE_PART_FIELDS = 4,
	RECIPE_BLOB_FIELDS = 5,
	RECIPE_FIELD_BYTES = 8,
};

void recipe_release(struct recipe *recipe)
{
	free(recipe->parts);
	*recipe = (struct recipe){ 0 };
}

static void add_field(struct strbuf *out, uint64_t value)
{
	unsigned char bytes[RECIPE_FIELD_BYTES];

	for (int i = RECIPE_FIELD_BYTES - 1; i >= 0; i--, value >>= 8)
		bytes[i] = (unsigned char)value;
	strbuf_add(out, bytes, sizeof(bytes));
}

static uint64_t get_field(const unsigned char **p)
{
	uint64_t value = 0;

	for (int i = 0; i < RECIPE_FIELD_BYTES; i++)
		value = value << 8 | *(*p)++;
	return value;
}

void recipe_append(struct strbuf *out, const struct recipe *recipe,
		   const struct pack_location *blobs, size_t blob_count)
{
	add_field(out, RECIPE_VERSION);
	add_field(out, recipe->kind);
	add_field(out, (recipe->own_header ? 1u : 0u) | (recipe->whole ? 2u : 0u));
	add_field(out, recipe->skeleton_length);
	add_field(out, recipe->html_length);
	add_field(out, recipe->header_length);
	add_field(out, recipe->slice_offset);
	add_field(out, recipe->slice_length);
	add_field(out, recipe->encoding);
	add_field(out, recipe->part_count);
	add_field(out, blob_count);
	for (size_t i = 0; i < recipe->part_count; i++) {
		add_field(out, recipe->parts[i].raw_offset);
		add_field(out, recipe->parts[i].raw_length);
		add_field(out, recipe->parts[i].line_length);
		add_field(out, recipe->parts[i].crlf);
	}
	for (size_t i = 0; i < blob_count; i++) {
		add_field(out, (uint64_t)blobs[i].pack);
		add_field(out, (uint64_t)blobs[i].offset);
		add_field(out, (uint64_t)blobs[i].length);
		add_field(out, blobs[i].coding);
		add_field(out, (uint64_t)blobs[i].size);
	}
}

static bool recipe_fits(const struct recipe *recipe)
{
	const uint64_t max = AEAD_PLAIN_MAX;

	return recipe->kind >= RECIPE_RAW && recipe->kind <= RECIPE_ATTACHMENT &&
	       recipe->encoding < TRANSFER_ENCODINGS && recipe->skeleton_length <= max &&
	       recipe->html_length <= max && recipe->header_length <= max &&
	       recipe->slice_offset <= recipe->skeleton_length &&
	       recipe->slice_length <= recipe->skeleton_length - recipe->slice_offset;
}

static int parse_parts(const unsigned char **p, struct recipe *recipe, struct threads_error *err)
{
	recipe->parts = calloc(recipe->part_count + 1, sizeof(*recipe->parts));
	if (!recipe->parts)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	for (size_t i = 0; i < recipe->part_count; i++) {
		recipe->parts[i].raw_offset = get_field(p);
		recipe->parts[i].raw_length = get_field(p);
		recipe->parts[i].line_length = (uint32_t)get_field(p);
		recipe->parts[i].crlf = get_field(p) != 0;
	}
	return 0;
}

static bool location_fits(const struct pack_location *blob)
{
	return blob->pack >= 0 && blob->offset >= 0 && blob->length >= 0 &&
	       blob->length <= RECIPE_PLAIN_MAX && blob->size >= 0 &&
	       blob->size <= RECIPE_PLAIN_MAX && blob->coding < PACK_CODINGS;
}

static int parse_blobs(const unsigned char **p, size_t count, struct pack_location **ret_blobs,
		       struct threads_error *err)
{
	AUTO_FREE struct pack_location *blobs = calloc(count + 1, sizeof(*blobs));

	if (!blobs)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		blobs[i].pack = (int64_t)get_field(p);
		blobs[i].offset = (int64_t)get_field(p);
		blobs[i].length = (int64_t)get_field(p);
		blobs[i].coding = (enum pack_coding)get_field(p);
		blobs[i].size = (int64_t)get_field(p);
		if (!location_fits(&blobs[i]))
			return threads_error_set(err, THREADS_EINVAL, "a blob with wrong bounds");
	}
	*ret_blobs = TAKE_PTR(blobs);
	return 0;
}

int recipe_parse(const void *data, size_t len, struct recipe *ret_recipe,
		 struct pack_location **ret_blobs, size_t *ret_blob_count,
		 struct threads_error *err)
{
	CLEANUP(recipe_release) struct recipe recipe = { 0 };
	const unsigned char *p = data;
	const size_t head = (size_t)RECIPE_HEAD_FIELDS * RECIPE_FIELD_BYTES;
	uint64_t flags, blobs;
	int rc;

	if (len < head || get_field(&p) != RECIPE_VERSION)
		return threads_error_set(err, THREADS_EINVAL, "not a recipe");
	recipe.kind = (enum recipe_kind)get_field(&p);
	flags = get_field(&p);
	recipe.own_header = flags & 1;
	recipe.whole = flags & 2;
	recipe.skeleton_length = get_field(&p);
	recipe.html_length = get_field(&p);
	recipe.header_length = get_field(&p);
	recipe.slice_offset = get_field(&p);
	recipe.slice_length = get_field(&p);
	recipe.encoding = (enum transfer)get_field(&p);
	recipe.part_count = (size_t)get_field(&p);
	blobs = get_field(&p);
	if (recipe.part_count > RECIPE_PARTS_MAX || blobs > RECIPE_BLOBS_MAX ||
	    len - head != (recipe.part_count * RECIPE_PART_FIELDS + blobs * RECIPE_BLOB_FIELDS) *
				  RECIPE_FIELD_BYTES ||
	    !recipe_fits(&recipe))
		return threads_error_set(err, THREADS_EINVAL, "a recipe with wrong bounds");
	rc = parse_parts(&p, &recipe, err);
	if (rc == 0)
		rc = parse_blobs(&p, (size_t)blobs, ret_blobs, err);
	if (rc < 0)
		return rc;
	*ret_blob_count = (size_t)blobs;
	*ret_recipe = recipe;
	recipe.parts = NULL;
	return 0;
}

/* Where the header ends: behind the first empty line. */
static size_t header_end(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\n')
			continue;
		if (i + 1 < len && data[i + 1] == '\n')
			return i + 2;
		if (i + 2 < len && data[i + 1] == '\r' && data[i + 2] == '\n')
			return i + 3;
	}
	return len;
}

static int cook_raw(const struct recipe *recipe, struct pack_reader *reader,
		    const struct strbuf *message, const struct pack_location *parts,
		    struct strbuf *out, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf part = STRBUF_INIT(AEAD_PLAIN_MAX);
	struct rebuild r = {
		.skeleton = message->data,
		.skeleton_length = (size_t)recipe->skeleton_length,
		.out = out,
	};

	strbuf_reset(out);
	for (size_t i = 0; i < recipe->part_count; i++) {
		struct rebuild_part step = {
			.raw_offset = recipe->parts[i].raw_offset,
			.raw_length = recipe->parts[i].raw_length,
			.line_length = recipe->parts[i].line_length,
			.crlf = recipe->parts[i].crlf,
		};
		int rc = pack_read(reader, &parts[i], &part, err);

		if (rc < 0)
			return rc;
		step.data = part.data;
		step.size = part.len;
		rc = rebuild_part(&r, &step, err);
		if (rc < 0)
			return rc;
	}
	return rebuild_end(&r, err);
}

/* Puts the sighting's own header before the body that it shares. */
static int cook_own_header(const struct recipe *recipe, struct pack_reader *reader,
			   const struct pack_location *blob, struct strbuf *out,
			   struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf whole = STRBUF_INIT(AEAD_PLAIN_MAX);
	int rc = pack_read(reader, blob, &whole, err);

	if (rc < 0)
		return rc;
	if (recipe->header_length > out->len)
		return threads_error_set(err, THREADS_EINVAL, "a recipe that does not fit");
	strbuf_add(&whole, out->data + recipe->header_length,
		   out->len - (size_t)recipe->header_length);
	rc = strbuf_check(&whole, err);
	if (rc < 0)
		return rc;
	strbuf_release(out);
	out->data = TAKE_PTR(whole.data);
	out->len = whole.len;
	out->cap = whole.cap;
	whole.len = whole.cap = 0;
	return 0;
}

static int cook_message(const struct recipe *recipe, struct pack_reader *reader,
			const struct pack_location *blobs, struct strbuf *out,
			struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT(AEAD_PLAIN_MAX);
	const size_t skeleton = (size_t)recipe->skeleton_length;
	int rc = pack_read(reader, &blobs[0], &message, err);

	if (rc < 0)
		return rc;
	if (message.len != skeleton + (size_t)recipe->html_length)
		return threads_error_set(err, THREADS_EINVAL, "a recipe that does not fit");
	if (recipe->kind == RECIPE_RAW) {
		rc = cook_raw(recipe, reader, &message, blobs + 1, out, err);
		if (rc == 0 && recipe->own_header)
			rc = cook_own_header(recipe, reader, &blobs[1 + recipe->part_count], out,
					     err);
		return rc;
	}
	strbuf_reset(out);
	if (recipe->kind == RECIPE_HTML)
		strbuf_add(out, message.data + skeleton, (size_t)recipe->html_length);
	else if (recipe->kind == RECIPE_HEADERS)
		strbuf_add(out, message.data, header_end(message.data, skeleton));
	else
		transfer_append(out, recipe->encoding, message.data + recipe->slice_offset,
				(size_t)recipe->slice_length);
	return strbuf_check(out, err);
}

int recipe_cook(const struct recipe *recipe, struct pack_reader *reader,
		const struct pack_location *blobs, size_t count, struct strbuf *out,
		struct threads_error *err)
{
	const size_t parts = recipe->kind == RECIPE_RAW ? recipe->part_count : 0;
	const bool own = recipe->own_header && recipe->kind == RECIPE_RAW;
	const size_t want = recipe->whole ? 1 : 1 + parts + (own ? 1 : 0);
	int rc;

	if (count != want)
		return threads_error_set(err, THREADS_EINVAL, "a recipe for other blobs");
	if (!recipe->whole)
		return cook_message(recipe, reader, blobs, out, err);
	rc = pack_read(reader, &blobs[0], out, err);
	if (rc == 0 && recipe->kind == RECIPE_HEADERS) {
		out->len = header_end(out->data, out->len);
		out->data[out->len] = '\0';
	}
	return rc;
}
