/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness.h"

extern char **environ;

static void run(const char *path, char *const *argv)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;
	int status = 0;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, path, &actions, NULL, argv, environ) != 0)
		fail_msg("%s cannot be started", path);
	posix_spawn_file_actions_destroy(&actions);
	while (waitpid(pid, &status, 0) < 0)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s ended with status %d", path, status);
}

void lab_run(const char *program, ...)
{
	char path[512];
	char *argv[16];
	int argc = 0;
	va_list ap;
	const bool node = strstr(program, ".mjs") != NULL;

	snprintf(path, sizeof(path), "%s/tests/lab/%s", THREADS_SOURCE_DIR, program);
	if (node)
		argv[argc++] = strdup("node");
	argv[argc++] = strdup(path);
	va_start(ap, program);
	for (const char *arg = va_arg(ap, const char *); arg && argc < 15;
	     arg = va_arg(ap, const char *))
		argv[argc++] = strdup(arg);
	va_end(ap);
	argv[argc] = NULL;
	run(argv[0], argv);
	while (argc > 0)
		free(argv[--argc]);
}

static bool port_free(int port)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons((uint16_t)port) };
	bool is_free;

	is_free = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return is_free;
}

/* Below 32768: from there on the kernel gives ports to connections, at any moment. */
static int choose_port(void)
{
	int port = 20000 + (int)(getpid() % 1200) * 10;

	while (!port_free(port) || !port_free(port + 1) || !port_free(port + 2))
		port += 10;
	return port;
}

void lab_start(struct lab *lab, const char *script)
{
	char port[16];

	memcpy(lab->dir, "/tmp/threads-lab-XXXXXX", sizeof("/tmp/threads-lab-XXXXXX"));
	assert_non_null(mkdtemp(lab->dir));
	assert_int_equal(chmod(lab->dir, 0755), 0);
	lab->port = choose_port();
	lab->script = script;
	setenv("OAUTH_URL", "", 1);
	snprintf(port, sizeof(port), "%d", lab->port);
	lab_run(script, "start", lab->dir, port, NULL);
}

void lab_stop(struct lab *lab)
{
	char *const argv[] = { (char[]){ "rm" }, (char[]){ "-rf" }, lab->dir, NULL };

	lab_run(lab->script, "stop", lab->dir, NULL);
	run("rm", argv);
}

void lab_write(const struct lab *lab, const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
	if (!text) {
		unlink(path);
		return;
	}
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

char *lab_read(const struct lab *lab, const char *name)
{
	char path[512];
	struct stat st = { 0 };
	char *text;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
	f = fopen(path, "re");
	if (!f)
		return strdup("");
	assert_int_equal(fstat(fileno(f), &st), 0);
	text = calloc(1, (size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, f), (size_t)st.st_size);
	fclose(f);
	return text;
}

int lab_count(const struct lab *lab, const char *name, const char *text)
{
	char *all = lab_read(lab, name);
	int count = 0;

	for (const char *at = strstr(all, text); at; at = strstr(at + 1, text))
		count++;
	free(all);
	return count;
}
