/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/figures.h"

#include <stdio.h>
#include <time.h>

#include "core/utf8.h"
#include "ipc/metric.h"
#include "supervisor/tell.h"

enum {
	PROCESSES_MAX = 560,   /* what is beyond them would not fit into a frame */
	CAUSE_BYTES_MAX = 300, /* only roles that are always there have one */
};

int figures_open(struct supervisor *s, struct threads_error *err)
{
	int rc = 0;

	for (int role = ROLE_SUPERVISOR + 1; role < ROLE_CTL && rc == 0; role++)
		rc = metric_page_new(&s->pages[role].fd, &s->pages[role].slots, err);
	return rc;
}

void figures_close(struct supervisor *s)
{
	for (int role = ROLE_SUPERVISOR + 1; role < ROLE_CTL; role++)
		if (s->pages[role].slots)
			close(s->pages[role].fd);
}

/* Needs no /proc, which may be hidden from us. */
static int64_t cpu_ms(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
		return 0;
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

static void put_process(struct frame *f, const struct child *child)
{
	char words[CAUSE_BYTES_MAX];

	utf8_copy(words, sizeof(words), child->last_error);
	frame_put_int(f, child->role);
	frame_put_int(f, child->instance);
	frame_put_int(f, child->pid);
	frame_put_text(f, tell_state_word(child));
	frame_put_int(f, child->restarts);
	frame_put_int(f, child->confined);
	frame_put_int(f, child->started_ms);
	frame_put_int(f, child->next_ms);
	frame_put_int(f, child->pid > 0 ? child->rss_bytes : 0);
	frame_put_int(f, child->pid > 0 ? child->pss_bytes : 0);
	frame_put_int(f, cpu_ms(child->pid));
	frame_put_int(f, child->ended_ms);
	frame_put_text(f, words);
}

static void put_processes(struct frame *f, const struct supervisor *s)
{
	const struct child *child;
	int count = 0;

	LIST_FOREACH(child, &s->children, link) {
		count++;
	}
	frame_put_int(f, count < PROCESSES_MAX ? count : PROCESSES_MAX);
	count = 0;
	LIST_FOREACH(child, &s->children, link) {
		if (count++ < PROCESSES_MAX)
			put_process(f, child);
	}
}

static void put_ends(struct frame *f, const struct supervisor *s)
{
	int count = 0;

	for (int i = 0; i < ROLE_COUNT * CAUSE_COUNT; i++)
		count += s->ends[i / CAUSE_COUNT][i % CAUSE_COUNT] > 0;
	frame_put_int(f, count);
	for (int i = 0; i < ROLE_COUNT * CAUSE_COUNT; i++) {
		const int64_t ends = s->ends[i / CAUSE_COUNT][i % CAUSE_COUNT];

		if (ends == 0)
			continue;
		frame_put_int(f, i / CAUSE_COUNT);
		frame_put_text(f, cause_word((enum cause)(i % CAUSE_COUNT)));
		frame_put_int(f, ends);
	}
}

static void put_journal(struct frame *f, const struct journal *journal)
{
	const struct journal_entry *entry;
	size_t count = 0;

	while (journal_at(journal, count))
		count++;
	frame_put_int(f, (int64_t)count);
	for (size_t i = 0; (entry = journal_at(journal, i)); i++) {
		frame_put_int(f, entry->at_ms);
		frame_put_int(f, entry->level);
		frame_put_int(f, entry->role);
		frame_put_int(f, entry->instance);
		frame_put_text(f, entry->text);
	}
}

static void put_slots(struct frame *f, const struct supervisor *s, enum role role)
{
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		const unsigned first = metric_first_slot(m);

		if (!metric_counted_by(m, role))
			continue;
		for (unsigned i = 0; i < metric_slots(m); i++)
			frame_put_int(f, metric_page_read(s->pages[role].slots, first + i));
	}
}

void figures_put(const struct supervisor *s, struct frame *f)
{
	frame_put_int(f, s->insecure);
	frame_put_int(f, s->started_ms);
	put_processes(f, s);
	put_ends(f, s);
	put_journal(f, &s->journal);
	for (enum role role = ROLE_SUPERVISOR + 1; role < ROLE_CTL; role++) {
		frame_put_int(f, s->starts[role]);
		frame_put_int(f, s->ended_cpu_ms[role]);
		put_slots(f, s, role);
	}
}
