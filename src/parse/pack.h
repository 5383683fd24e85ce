/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a message in the form in which they are kept: attachments whose
 * base64 can be written again are decoded, hashed and compressed in one pass;
 * what is left (the skeleton) and the HTML become one zstd frame.
 */
#ifndef THREADS_PARSE_PACK_H
#define THREADS_PARSE_PACK_H

#include "mime/message.h"
#include "mime/mime.h"
#include "parse/output.h"

struct packer;

/* Errors: THREADS_ENOMEM. */
int packer_new(struct packer **ret_packer, struct threads_error *err) MUST_CHECK;
struct packer *packer_free(struct packer *packer);
void packer_freep(struct packer **packer);

/*
 * Fills what a says about bytes: storage, encoding, size, sha256, ranges, data.
 * may_cut: the part may leave the skeleton. Adds its data to output if it does.
 */
void pack_attachment(struct packer *packer, const struct mime *mime,
		     const struct mime_message *message, const struct mime_part *part, bool may_cut,
		     struct output *output, struct record_attachment *a);

/*
 * Adds the skeleton (message without the cut attachments of record) and html to
 * output, folded (parse/fold.h), as a frame that refers to the prefix of record's
 * text with the line ends of the message (core/phrases.h); fills raw_length,
 * skeleton_length, html_length and message of record. message needs no parts.
 */
void pack_message(struct packer *packer, const struct mime_message *message,
		  const struct strbuf *html, struct output *output, struct record *record);

#endif
