/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/qr.h"

#include <qrencode.h>

#include "crypto/hmac.h"

enum { QUIET_ZONE = 4 }; /* modules of white around it, as the standard asks */

static void code_freep(QRcode **code)
{
	if (*code)
		secret_cleanse((*code)->data, (size_t)(*code)->width * (size_t)(*code)->width);
	QRcode_free(*code);
}

/* Dark modules of one line, joined to runs. */
static void append_row(struct strbuf *out, const unsigned char *row, int width, int y)
{
	for (int x = 0; x < width; x++) {
		const int from = x;

		while (x < width && (row[x] & 1))
			x++;
		if (x > from)
			strbuf_addf(out, "M%d %dh%dv1h-%dz", from + QUIET_ZONE, y + QUIET_ZONE,
				    x - from, x - from);
	}
}

int qr_append_svg(struct strbuf *out, const char *text, struct threads_error *err)
{
	CLEANUP(code_freep) QRcode *code = NULL;
	int size;

	if (strlen(text) > QR_TEXT_MAX)
		return threads_error_set(err, THREADS_ELIMIT, "too long for a QR code");
	code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
	if (!code)
		return threads_error_set(err, THREADS_ENOMEM, "the QR code failed: %m");
	size = code->width + 2 * QUIET_ZONE;
	strbuf_addf(out,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
		    "shape-rendering=\"crispEdges\"><rect width=\"%d\" height=\"%d\" "
		    "fill=\"#fff\"/><path fill=\"#000\" d=\"",
		    size, size, size, size);
	for (int y = 0; y < code->width; y++)
		append_row(out, code->data + (size_t)y * (size_t)code->width, code->width, y);
	strbuf_add_str(out, "\"/></svg>");
	return strbuf_check(out, err);
}
