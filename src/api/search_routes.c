/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"
#include "api/search_service.h"
#include "core/number.h"

static int answer(struct exchange *ex, const struct search_question *question,
		  struct threads_error *err)
{
	json_t *json = NULL;
	int rc = search_answer(ex->api, &ex->viewer, question, &json, err);

	if (rc < 0)
		return rc;
	exchange_reply_json(ex, 200, json);
	return 0;
}

int route_search(struct exchange *ex, struct threads_error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT(EXCHANGE_TEXT_MAX);
	CLEANUP(strbuf_release) struct strbuf cursor = STRBUF_INIT(EXCHANGE_TEXT_MAX);
	CLEANUP(strbuf_release) struct strbuf sort = STRBUF_INIT(EXCHANGE_TEXT_MAX);
	CLEANUP(strbuf_release) struct strbuf limit = STRBUF_INIT(EXCHANGE_TEXT_MAX);
	struct search_question question = { .limit = SEARCH_LIMIT_DEFAULT };

	exchange_parameter(ex, "q", &text);
	exchange_parameter(ex, "cursor", &cursor);
	exchange_parameter(ex, "sort", &sort);
	if (exchange_parameter(ex, "limit", &limit) &&
	    parse_int(strbuf_str(&limit), 1, 1000000, &question.limit, err) < 0)
		return threads_error_set(err, THREADS_EINVAL, "limit must be a number");
	question.text = strbuf_str(&text);
	question.cursor = strbuf_str(&cursor);
	question.sort = strbuf_str(&sort);
	return answer(ex, &question, err);
}

int route_search_post(struct exchange *ex, struct threads_error *err)
{
	struct search_question question;
	int rc = json_get_text_or(ex->body, "q", EXCHANGE_TEXT_MAX, "", &question.text, err);

	if (rc == 0)
		rc = json_get_text_or(ex->body, "cursor", EXCHANGE_TEXT_MAX, "", &question.cursor,
				      err);
	if (rc == 0)
		rc = json_get_text_or(ex->body, "sort", EXCHANGE_TEXT_MAX, "", &question.sort, err);
	if (rc == 0)
		rc = json_get_int_or(ex->body, "limit", 1, 1000000, SEARCH_LIMIT_DEFAULT,
				     &question.limit, err);
	return rc < 0 ? rc : answer(ex, &question, err);
}
