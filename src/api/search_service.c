/* SPDX-License-Identifier: Apache-2.0 */
#include "api/search_service.h"

#include "ipc/metric.h"

#include "api/cursor.h"
#include "core/log.h"
#include "core/utf8.h"
#include "store/search.h"

/* Index in UTF-16 code units, as browsers count, of a byte of text. */
static int64_t utf16_index(const char *text, size_t byte)
{
	const char *p = text, *const end = text + strlen(text);
	int64_t index = 0;

	while (p < end && p < text + byte) {
		uint32_t c;
		const size_t len = utf8_decode(p, end, &c);

		index += len && c >= 0x10000 ? 2 : 1;
		p += len ? len : 1;
	}
	return index;
}

static json_t *tokens_json(const struct query_tree *tree, const char *text)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tree->token_count; i++) {
		const struct query_token *token = &tree->tokens[i];
		const size_t len = strlen(text);
		const size_t start = token->start < len ? token->start : len;
		const size_t end = token->end < len ? token->end : len;

		json_array_append_new(list, json_pack("{ss#,ss,ss,ss,sb,sI,sI}", "text",
						      text + start, (int)(end - start), "kind",
						      query_token_kind_name(token->kind), "name",
						      token->name, "value", token->value, "negated",
						      token->negated, "start",
						      (json_int_t)utf16_index(text, start), "end",
						      (json_int_t)utf16_index(text, end)));
	}
	return list;
}

static json_t *hints_json(const struct query_tree *tree, const struct search_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tree->hint_count; i++)
		json_array_append_new(list, json_string(tree->hints[i]));
	if (result->stopped)
		json_array_append_new(list, json_string("This search takes long, so we stopped "
							"early. More words or a date help."));
	return list;
}

static json_t *next_json(const struct search_request *request, const struct search_result *result)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(CURSOR_TEXT_MAX);
	const int64_t ranked[] = { result->next.offset, result->next.as_of_id };

	if (!result->more)
		return json_null();
	/* Without words relevance has no meaning and the list is by date. */
	if (request->sort == SEARCH_RELEVANCE && result->next.as_of_id)
		cursor_append(&text, 'r', ranked, ARRAY_SIZE(ranked));
	else
		cursor_append(&text, 'n', &result->next.id, 1);
	return json_string(strbuf_str(&text));
}

static int cursor_apply(const char *text, struct search_request *request, struct threads_error *err)
{
	int64_t numbers[2];

	if (!*text)
		return 0;
	if (cursor_read(text, 'n', numbers, 1)) {
		request->after.id = numbers[0];
		return 0;
	}
	if (request->sort == SEARCH_RELEVANCE && cursor_read(text, 'r', numbers, 2)) {
		request->after.offset = numbers[0];
		request->after.as_of_id = numbers[1];
		return 0;
	}
	return threads_error_set(err, THREADS_EINVAL,
				 "this page of the list is not there any more");
}

static int request_make(const struct search_question *question, struct search_request *request,
			struct threads_error *err)
{
	if (question->limit < 1 || question->limit > SEARCH_LIMIT_MAX)
		return threads_error_set(err, THREADS_EINVAL, "limit must be from 1 to %d",
					 SEARCH_LIMIT_MAX);
	request->limit = (int)question->limit;
	if (strcmp(question->sort, "relevance") == 0)
		request->sort = SEARCH_RELEVANCE;
	else if (*question->sort && strcmp(question->sort, "newest") != 0)
		return threads_error_set(err, THREADS_EINVAL, "sort is newest or relevance");
	request->counted = !*question->cursor;
	return cursor_apply(question->cursor, request, err);
}

static json_t *answer_json(const struct query_tree *tree, const char *text,
			   const struct search_request *request, struct search_result *result)
{
	json_t *answer = json_object();

	json_object_set(answer, "hits", result->hits);
	json_object_set_new(answer, "next", next_json(request, result));
	json_object_set_new(answer, "count", json_integer(result->count));
	json_object_set_new(answer, "count_capped", json_boolean(result->count_capped));
	json_object_set_new(answer, "took_ms", json_real(result->took_ms));
	json_object_set_new(answer, "hints", hints_json(tree, result));
	json_object_set_new(answer, "tokens", tokens_json(tree, text));
	return answer;
}

/* The clock of the hub's place. A zone that cannot be read is UTC: the search goes on. */
static int zone_refresh(struct api *api, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf name = STRBUF_INIT(4096);
	struct threads_error why;
	int rc = reader_time_zone(api->reader, &name, err);

	if (rc < 0 || (api->zone_name && strcmp(strbuf_str(&name), api->zone_name) == 0))
		return rc;
	api->zone = zone_free(api->zone);
	free(api->zone_name);
	api->zone_name = strdup(strbuf_str(&name));
	if (!api->zone_name)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	rc = name.len ? zone_load(API_ZONE_DIR, api->zone_name, &api->zone, &why) : 1;
	if (rc < 0)
		log_warning("%s", why.text);
	else if (rc == 0)
		log_warning("no table of the time zone in the settings; searches count in UTC");
	return 0;
}

int search_answer(struct api *api, const struct viewer *viewer,
		  const struct search_question *question, json_t **ret_answer,
		  struct threads_error *err)
{
	CLEANUP(query_tree_freep) struct query_tree *tree = NULL;
	CLEANUP(search_result_release) struct search_result result = { 0 };
	struct query_options options = { .now_ms = api_now(api) };
	struct search_request request = { .viewer = viewer };
	int rc = request_make(question, &request, err);

	if (rc == 0)
		rc = zone_refresh(api, err);
	options.zone = api->zone;
	if (rc == 0)
		rc = query_tree_parse(question->text, strlen(question->text), &options, &tree, err);
	if (rc < 0)
		return rc;
	request.tree = tree;
	rc = search_run(api->reader, &request, &result, err);
	if (rc < 0)
		return rc;
	metric_time(METRIC_SEARCH_SECONDS, (int64_t)(result.took_ms * 1000));
	*ret_answer = answer_json(tree, question->text, &request, &result);
	return 0;
}
