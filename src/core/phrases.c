/* SPDX-License-Identifier: Apache-2.0 */
#include "core/phrases.h"

/* Never edit: stored messages refer to these bytes. Others need a coding of their own. */
static const char phrases[] =
	"Received: from mail.example.com (mail.example.com [192.0.2.1])\r\n"
	"\tby mx.example.org (Postfix) with ESMTPS id \r\n\tfor <user@example.org>; "
	"(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n"
	"\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\r\n"
	"\t(No client certificate requested)\r\n"
	"Return-Path: <>\r\nDelivered-To: \r\nX-Original-To: \r\n"
	"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; q=dns/txt; t=; d=; s=;\r\n"
	"\th=from:to:cc:subject:date:message-id:mime-version:content-type:"
	"content-transfer-encoding:in-reply-to:references; bh=; b=\r\n"
	"Authentication-Results: ; spf=pass smtp.mailfrom=; dkim=pass header.d=; "
	"dmarc=pass (p=NONE) header.from=\r\nReceived-SPF: Pass (\r\n"
	"ARC-Seal: i=1; a=rsa-sha256; cv=none\r\nARC-Message-Signature: i=1;\r\n"
	"ARC-Authentication-Results: i=1;\r\nX-Spam-Status: No, score=\r\n"
	"X-Mailer: Microsoft Outlook 16.0\r\nUser-Agent: Mozilla Thunderbird\r\n"
	"X-Google-Smtp-Source: \r\nX-Received: by 2002:a05:\r\nThread-Topic: \r\n"
	"Thread-Index: \r\nAccept-Language: en-US\r\nX-MS-Exchange-Organization-\r\n"
	"X-MS-Has-Attach: yes\r\nX-Originating-IP: [\r\nAuto-Submitted: auto-generated\r\n"
	"List-Id: <>\r\nList-Unsubscribe: <https://www.>, <mailto:>\r\nList-Archive: <\r\n"
	"List-Post: <mailto:\r\nList-Help: <mailto:?subject=help>\r\n"
	"List-Subscribe: <mailto:?subject=subscribe>\r\nErrors-To: \r\nSender: \r\n"
	"Precedence: list\r\nReply-To: \r\nCc: \r\nContent-Language: en-US\r\n"
	"Content-Disposition: attachment; filename=\"\r\nContent-Disposition: inline\r\n"
	"Content-ID: <image001.png@\r\nContent-Type: image/png; name=\"\r\n"
	"Content-Type: application/pdf; name=\"\r\nContent-Type: message/rfc822\r\n\r\n"
	"Content-Type: application/octet-stream;\r\n name=\"\r\n"
	"Content-Disposition: attachment; filename*=utf-8''\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\n"
	"Content-Type: multipart/signed; micalg=pgp-sha256; "
	"protocol=\"application/pgp-signature\"; boundary=\"\r\n"
	"Content-Type: multipart/related; boundary=\"\r\n"
	"Content-Type: multipart/mixed; boundary=\"----=_\r\n"
	"Content-Type: multipart/alternative; boundary=\"=_\r\n\r\n"
	"This is a multi-part message in MIME format.\r\n"
	"Content-Type: text/html; charset=\"utf-8\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	"<!DOCTYPE html><html xmlns=\"http://www.w3.org/1999/xhtml\"><head>\r\n"
	"<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n"
	"<style type=\"text/css\">font-family: Arial, Helvetica, sans-serif; font-size: 12pt; "
	"margin: 0; padding: 0; color: #000000; background-color: #ffffff;</style></head><body>\r\n"
	"<table width=\"100%\" border=\"0\" cellspacing=\"0\" cellpadding=\"0\" align=\"center\">"
	"<tr><td style=\"\"></td></tr></table><img src=\"https://\" alt=\"\" width=\"1\">"
	"<a href=\"https://www.\" target=\"_blank\"><blockquote type=\"cite\"><span>&nbsp;</span>"
	"</blockquote><div dir=\"ltr\"><br></div><p></p>\r\n<p></body></html>\r\n"
	"Date: Mon, 01 Jan 2020 00:00:00 +0000\r\nFrom: =?utf-8?B?\r\nTo: =?UTF-8?Q?\r\n"
	"Subject: Re: \r\nMIME-Version: 1.0\r\nIn-Reply-To: <\r\nReferences: <\r\nMessage-ID: <\r\n"
	"Content-Type: text/plain; charset=iso-8859-1\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	"Content-Type: text/plain; charset=us-ascii; format=flowed\r\n"
	"Content-Transfer-Encoding: 7bit\r\n\r\n"
	"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

_Static_assert(sizeof(phrases) <= PHRASES_MAX, "PHRASES_MAX is what callers leave room for");

bool phrases_crlf(const void *raw, size_t len)
{
	const char *begin = raw, *newline = len > 0 ? memchr(raw, '\n', len) : NULL;

	return newline && newline > begin && newline[-1] == '\r';
}

static void add_crlf(struct strbuf *out, const char *text, size_t len)
{
	const char *const end = text + len;
	const char *newline;

	while (text < end && (newline = memchr(text, '\n', (size_t)(end - text)))) {
		strbuf_add(out, text, (size_t)(newline - text));
		strbuf_add(out, "\r\n", 2);
		text = newline + 1;
	}
	strbuf_add(out, text, (size_t)(end - text));
}

int phrases_prefix(struct strbuf *out, const char *text, size_t len, bool crlf,
		   struct threads_error *err)
{
	strbuf_reset(out);
	strbuf_add(out, phrases, sizeof(phrases) - 1);
	if (crlf)
		add_crlf(out, text, len);
	else
		strbuf_add(out, text, len);
	return strbuf_check(out, err);
}
