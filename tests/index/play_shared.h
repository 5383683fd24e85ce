/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the made-up parser (fake_parse.c) shares with the test that starts it. It
 * serves one question and ends. What a mail says in "X-Play:" is done to its parser:
 *	crash	abort()			once	SIGKILL while kills > 0
 *	exit	exit status 1		kill	SIGKILL always
 *	hang	never an answer		garbage	noise instead of a record
 *	length	a record of other bytes	short	an answer without this and later records
 *	talk	a frame out of place	seal	the output is sealed by it, empty
 */
#ifndef THREADS_TESTS_INDEX_PLAY_SHARED_H
#define THREADS_TESTS_INDEX_PLAY_SHARED_H

struct play_shared {
	int kills;       /* messages marked "once" that still kill their parser */
	int split_kills; /* splits that still kill theirs by SIGKILL */
	int split_hangs; /* splits that are never answered */
	int split_lies;  /* splits that give the whole file again and again */
	int batches, splits;
};

#endif
