/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/account.h"

enum {
	MESSAGE_MIN = 1024,
	POLL_MAX_S = 86400,
	TIMEOUT_MAX_S = 3600,
};

void account_release(struct account *account)
{
	free(account->id);
	free(account->provider);
	free(account->host);
	free(account->tls_mode);
	free(account->ca);
	free(account->user);
	for (size_t i = 0; i < account->folder_count; i++)
		free(account->folders[i]);
	free(account->folders);
	memset(account, 0, sizeof(*account));
}

static bool same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

bool account_same_server(const struct account *a, const struct account *b)
{
	return a->port == b->port && same(a->id, b->id) && same(a->host, b->host) &&
	       same(a->tls_mode, b->tls_mode) && same(a->ca, b->ca) && same(a->user, b->user) &&
	       a->message_max == b->message_max && a->timeout_ms == b->timeout_ms;
}

static int read_tls(struct account *account, struct threads_error *err)
{
	static const char *const names[] = { "implicit", "starttls", "none" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (same(account->tls_mode, names[i])) {
			account->tls = (enum account_tls)i;
			return 0;
		}
	}
	return threads_error_set(err, THREADS_EINVAL, "unknown kind of encryption");
}

static int read_folders(struct account *account, struct frame *f, struct threads_error *err)
{
	const size_t count = (size_t)frame_get_int_in(f, 0, ACCOUNT_FOLDERS_MAX);

	account->folders = calloc(count + 1, sizeof(*account->folders));
	if (!account->folders)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		account->folders[i] = strdup(frame_get_text(f));
		account->folder_count = i + 1;
		if (!account->folders[i])
			return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	}
	return 0;
}

static int read_all(struct account *account, struct frame *f, struct threads_error *err)
{
	int rc;

	account->id = strdup(frame_get_text(f));
	account->provider = strdup(frame_get_text(f));
	account->host = strdup(frame_get_text(f));
	account->port = (int)frame_get_int_in(f, 1, 65535);
	account->tls_mode = strdup(frame_get_text(f));
	account->ca = strdup(frame_get_text(f));
	account->user = strdup(frame_get_text(f));
	if (!account->id || !account->provider || !account->host || !account->tls_mode ||
	    !account->ca || !account->user)
		return threads_error_set(err, THREADS_ENOMEM, "out of memory");
	account->mode = (enum imap_mode)frame_get_int_in(f, IMAP_MODE_TEST, IMAP_MODE_ONCE);
	account->message_max = frame_get_int_in(f, MESSAGE_MIN, INT32_MAX);
	account->poll_ms = frame_get_int_in(f, 1, POLL_MAX_S) * 1000;
	account->timeout_ms = frame_get_int_in(f, 1, TIMEOUT_MAX_S) * 1000;
	account->since_ms = frame_get_int_in(f, 0, INT64_MAX / 2);
	rc = read_folders(account, f, err);
	if (rc == 0)
		rc = frame_get_end(f, err);
	return rc < 0 ? rc : read_tls(account, err);
}

int account_read(struct account *account, struct frame *f, struct threads_error *err)
{
	int rc;

	account_release(account);
	rc = read_all(account, f, err);
	if (rc < 0)
		account_release(account);
	return rc;
}
