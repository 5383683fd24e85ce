/* SPDX-License-Identifier: Apache-2.0 */
#include "http/problem.h"

const char problem_media_type[] = "application/problem+json";

static void append_quoted(struct strbuf *out, const char *text)
{
	strbuf_add_char(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			strbuf_add_char(out, '\\');
		strbuf_add_char(out, (unsigned char)*p < 0x20 ? ' ' : *p);
	}
	strbuf_add_char(out, '"');
}

void problem_append(struct strbuf *out, const struct problem *problem)
{
	strbuf_addf(out, "{\"type\":\"/problems/%s\",\"title\":", problem->kind);
	append_quoted(out, problem->title);
	strbuf_addf(out, ",\"status\":%u", problem->status);
	if (problem->detail) {
		strbuf_add_str(out, ",\"detail\":");
		append_quoted(out, problem->detail);
	}
	strbuf_add_char(out, '}');
}
