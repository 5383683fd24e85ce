/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse_files FILE...	- each file as a batch of one message, checked as in
 * test_batch.c; prints CPU milliseconds and the file. Under valgrind
 * --toggle-collect=batch_parse counts what hostile input costs.
 * parse_files --make SHAPE N FILE	- writes a hostile mail of that shape and size.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "verify.h"

struct shape {
	const char *name, *head, *unit, *tail;
	bool numbered; /* unit has a %zu */
};

#define HTML      "Content-Type: text/html\n\n"
#define MULTIPART "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct shape shapes[] = {
	{ "multipart-nesting", "Subject: x\n",
	  "Content-Type: multipart/mixed; boundary=b%zu\n\n--b%zu\n", "", true },
	{ "same-boundary-nesting", MULTIPART, "--b\n" MULTIPART, "", false },
	{ "message-nesting", "", "Content-Type: message/rfc822\n\n", "end\n", false },
	{ "parts", MULTIPART, "--b\n\nx\n", "--b--\n", false },
	{ "attached-messages", MULTIPART, "--b\nContent-Type: message/rfc822\n\nSubject: s\n\nx\n",
	  "--b--\n", false },
	{ "attachments", MULTIPART, "--b\nContent-Type: image/png; name=\"%zu.png\"\n\nx\n",
	  "--b--\n", true },
	{ "dashes", "\n", "--b\n", "", false },
	{ "header-line", "X: ", "a", "\n\nx\n", false },
	{ "header-folds", "Subject:", "\n x", "\n\nx\n", false },
	{ "headers", "", "X-%zu: v\n", "\nx\n", true },
	{ "same-headers", "", "Subject: v\n", "\nx\n", false },
	{ "encoded-words", "Subject:", " =?utf-8?B?4oKs?=", "\n\nx\n", false },
	{ "open-encoded-words", "Subject:", " =?utf-8?Q?x", "\n\nx\n", false },
	{ "references", "References:", "\n <%zu@x>", "\n\nx\n", true },
	{ "open-references", "References: ", "<", "\n\nx\n", false },
	{ "addresses", "To: x", ",\n %zu@example.org", "\n\nx\n", true },
	{ "names-without-address", "To: x", ", a b", "\n\nx\n", false },
	{ "comments", "To: ", "(", "x@example.org\n\nx\n", false },
	{ "quotes", "To: ", "\"\\", "\n\nx\n", false },
	{ "angles", "To: ", "<a@b,", "\n\nx\n", false },
	{ "parameters", "Content-Type: text/plain", "; n%zu=a", "\n\nx\n", true },
	{ "segments", "Content-Disposition: attachment", "; filename*%zu=a", "\n\nx\n", true },
	{ "parameter-comments", "Content-Disposition: ", "(", "\n\nx\n", false },
	{ "html-nesting", HTML, "<div>", "x", false },
	{ "html-attributes", HTML "<p ", "a=b ", ">x", false },
	{ "html-open-quotes", HTML, "<a b=\"", "x", false },
	{ "html-less-than", HTML, "<", "x", false },
	{ "html-ampersands", HTML, "&a", "x", false },
	{ "html-open-comments", HTML, "<!--", "x", false },
	{ "html-open-scripts", HTML, "<script><", "x", false },
	{ "html-hidden", HTML, "<div hidden>", "x", false },
	{ "quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\n", "= ", "x", false },
	{ "mbox-quotes", "\n", ">", "From x\n", false },
	{ "blank-lines", "\n", " \n", "x\n", false },
};

static int make(const char *name, size_t n, const char *path)
{
	const struct shape *s = NULL;
	FILE *f = fopen(path, "we");

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (strcmp(shapes[i].name, name) == 0)
			s = &shapes[i];
	if (!s || !f)
		return 2;
	fputs(s->head, f);
	for (size_t i = 0; i < n; i++) {
		for (const char *p = s->unit; *p; p++) {
			if (s->numbered && strncmp(p, "%zu", 3) == 0) {
				fprintf(f, "%zu", i);
				p += 2;
			} else {
				fputc(*p, f);
			}
		}
	}
	fputs(s->tail, f);
	return fclose(f) == 0 ? 0 : 1;
}

static int list(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		puts(shapes[i].name);
	return 0;
}

static int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int parse_file(struct mime *mime, const char *path, struct threads_error *err)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_FD int out = memfd_create("records", MFD_CLOEXEC);
	const int64_t start = cpu_ms();
	struct batch_entry entry = { 0 };
	const unsigned char *data = NULL;
	int64_t spent;
	struct stat st;
	int rc;

	if (fd < 0 || out < 0 || fstat(fd, &st) < 0)
		return threads_error_set(err, THREADS_EIO, "%s: %s", path, strerror(errno));
	entry.length = (uint64_t)st.st_size;
	if (entry.length > 0)
		data = mmap(NULL, entry.length, PROT_READ, MAP_PRIVATE, fd, 0);
	rc = batch_parse(mime, &(struct batch_input){ data, entry.length, &entry, 1 }, out, false,
			 err);
	spent = cpu_ms() - start;
	if (rc == 0)
		rc = verify_output(out, data, &entry, 1, NULL, NULL, err);
	if (rc == 0)
		printf("%lld ms\t%s\n", (long long)spent, path);
	return rc < 0 ? threads_error_wrap(err, rc, "%s", path) : 0;
}

int main(int argc, char **argv)
{
	CLEANUP(mime_closep) struct mime *mime = NULL;
	struct threads_error err = { 0 };
	int rc;

	if (argc == 5 && strcmp(argv[1], "--make") == 0)
		return make(argv[2], strtoul(argv[3], NULL, 10), argv[4]);
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	rc = mime_open(&mime, &err);
	for (int i = 1; i < argc && rc == 0; i++)
		rc = parse_file(mime, argv[i], &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
