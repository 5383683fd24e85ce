/* SPDX-License-Identifier: Apache-2.0 */
/* The SVG is drawn as its path says and read back by a QR reader. */
#include "test.h"

#include <stdio.h>
#include <sys/wait.h>

#include "auth/qr.h"

enum { SIDE_MAX = 200, SCALE = 4 };

static unsigned char pixels[SIDE_MAX][SIDE_MAX]; /* 1 = dark */

/* Fills pixels from "M4 4h7v1h-7z..."; returns the side of the view box. */
static int draw(const char *svg)
{
	const char *box = strstr(svg, "viewBox=\"0 0 "), *path = strstr(svg, " d=\"");
	int side = 0, x, y, run, back, used;

	assert_non_null(box);
	assert_non_null(path);
	assert_int_equal(sscanf(box, "viewBox=\"0 0 %d", &side), 1);
	assert_in_range(side, 21 + 8, SIDE_MAX);
	memset(pixels, 0, sizeof(pixels));
	for (path += 4; *path != '"'; path += used) {
		used = 0;
		assert_int_equal(sscanf(path, "M%d %dh%dv1h-%dz%n", &x, &y, &run, &back, &used), 4);
		assert_true(used > 0 && run == back && x >= 4 && x + run <= side - 4);
		memset(&pixels[y][x], 1, (size_t)run);
	}
	return side;
}

static void write_pgm(const char *path, int side)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fprintf(file, "P5\n%d %d\n255\n", side * SCALE, side * SCALE);
	for (int y = 0; y < side * SCALE; y++)
		for (int x = 0; x < side * SCALE; x++)
			fputc(pixels[y / SCALE][x / SCALE] ? 0 : 255, file);
	assert_int_equal(fclose(file), 0);
}

static void read_back(const char *path, char *out, size_t out_size)
{
	int fds[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		/* It complains about a missing D-Bus. */
		if (!freopen("/dev/null", "w", stderr))
			_exit(127);
		execlp("zbarimg", "zbarimg", "--raw", "-q", path, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	while (len < out_size - 1 && (n = read(fds[0], out + len, out_size - 1 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	out[len] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		fail_msg("zbarimg (package zbar-tools) is needed");
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_a_reader_sees_the_text(void **state)
{
	static const char text[] =
		"otpauth://totp/Threads:mara%40example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
		"&issuer=Threads&algorithm=SHA1&digits=6&period=30";
	CLEANUP(strbuf_release) struct strbuf svg = STRBUF_INIT(QR_SVG_MAX);
	char path[] = "/tmp/threads-qr-XXXXXX", got[1000];
	struct threads_error err;
	const int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_rc(qr_append_svg(&svg, text, &err), 0, &err);
	print_message("SVG of %zu bytes\n", svg.len);
	assert_null(strstr(strbuf_str(&svg), "JBSWY"));
	write_pgm(path, draw(strbuf_str(&svg)));
	read_back(path, got, sizeof(got));
	got[strcspn(got, "\n")] = '\0';
	assert_string_equal(got, text);
	unlink(path);
}

static void test_too_long_is_refused(void **state)
{
	CLEANUP(strbuf_release) struct strbuf svg = STRBUF_INIT(QR_SVG_MAX);
	char text[QR_TEXT_MAX + 2];
	struct threads_error err;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[QR_TEXT_MAX + 1] = '\0';
	assert_rc(qr_append_svg(&svg, text, &err), THREADS_ELIMIT, &err);
	text[QR_TEXT_MAX] = '\0';
	assert_rc(qr_append_svg(&svg, text, &err), 0, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reader_sees_the_text),
		cmocka_unit_test(test_too_long_is_refused),
	};

	return cmocka_run_group_tests_name("auth/qr", tests, NULL, NULL);
}
