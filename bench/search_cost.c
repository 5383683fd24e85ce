/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_cost HUB_DB USER RUNS LIMIT < QUERIES: what the first page of each query (a line)
 * costs, with its count, in a process that has hub.db open as the role "api" has: CPU ms
 * (best of RUNS), hits, the query. CPU and not wall time, so that the figure stands on a busy
 * machine too. LIMIT 1 is the query nearly alone, 20 or 50 are pages with their snippets.
 */
#include <stdio.h>
#include <time.h>

#include "core/clock.h"
#include "core/number.h"
#include "store/search.h"

enum { LINE_MAX_BYTES = 4096 };

static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int ask(struct reader *reader, const struct search_request *request, double *best_ms,
	       size_t *ret_hits, struct threads_error *err)
{
	CLEANUP(search_result_release) struct search_result result = { 0 };
	const double begin = cpu_ms();
	int rc = search_run(reader, request, &result, err);
	const double spent = cpu_ms() - begin;

	if (rc < 0)
		return rc;
	*best_ms = *best_ms > 0 && *best_ms < spent ? *best_ms : spent;
	*ret_hits = json_array_size(result.hits);
	return 0;
}

static int measure(struct reader *reader, struct search_request *request, const char *line,
		   int64_t runs, struct threads_error *err)
{
	const struct query_options options = { .now_ms = clock_now_ms(NULL) };
	CLEANUP(query_tree_freep) struct query_tree *tree = NULL;
	double best_ms = 0;
	size_t hits = 0;
	int rc = query_tree_parse(line, strlen(line), &options, &tree, err);

	request->tree = tree;
	for (int64_t i = 0; i < runs && rc == 0; i++)
		rc = ask(reader, request, &best_ms, &hits, err);
	if (rc == 0)
		printf("%.4f\t%zu\t%s\n", best_ms, hits, line);
	return rc;
}

int main(int argc, char **argv)
{
	CLEANUP(reader_closep) struct reader *reader = NULL;
	struct threads_error err = { .text = "" };
	struct viewer viewer = { 0 };
	struct search_request request = { .viewer = &viewer, .counted = true };
	char line[LINE_MAX_BYTES];
	int64_t runs = 1, limit = 1;
	int rc;

	if (argc != 5) {
		fprintf(stderr, "search_cost HUB_DB USER RUNS LIMIT < QUERIES\n");
		return 2;
	}
	rc = parse_int(argv[3], 1, 1000, &runs, &err);
	if (rc == 0)
		rc = parse_int(argv[4], 1, SEARCH_LIMIT_MAX, &limit, &err);
	request.limit = (int)limit;
	if (rc == 0)
		rc = reader_open(argv[1], &reader, &err);
	if (rc == 0 && reader_viewer_by_name(reader, argv[2], &viewer, &err) != 1)
		rc = threads_error_set(&err, THREADS_ENOENT, "no such user");
	while (rc == 0 && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		rc = measure(reader, &request, line, runs, &err);
	}
	if (rc < 0)
		fprintf(stderr, "search_cost: %s\n", err.text);
	return rc < 0;
}
