#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# flat_json.sh THREADS_PARSE - the real program in its sandbox, from a file and from a pipe.
set -euo pipefail
program=$1
# The leak checker needs system calls that the sandbox refuses.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# A charset whose converter is a file: loaded before the sandbox closes, or not at all.
printf '%s\n' 'From: =?iso-2022-jp?B?GyRCJUYbKEI=?= <t@example.org>' 'To: a@example.org, B <b@example.org>' \
	'Subject: "quoted"' 'Date: Mon, 1 Jan 2024 00:00:00 +0000' 'Message-ID: <1@example.org>' \
	'Content-Type: multipart/mixed; boundary=b' '' \
	'--b' '' 'hello' '--b' 'Content-Type: image/png; name=x.png' 'Content-Transfer-Encoding: base64' '' 'aGVsbG8=' \
	'--b' 'Content-Type: message/rfc822' '' 'Subject: inner' '' 'deep' '--b--' >"$dir/mail"
want='{"headers": {"subject": "\"quoted\"", "from": [["テ", "t@example.org"]], "to": [["", "a@example.org"], ["B", "b@example.org"]], "cc": null, "date": 1704067200, "message_id": "1@example.org"}, "leaves": [{"type": "text/plain", "text": "hello"}, {"type": "image/png", "filename": "x.png", "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "size": 5}, {"type": "message/rfc822", "message": {"headers": {"subject": "inner", "from": null, "to": null, "cc": null, "date": null, "message_id": null}, "leaves": [{"type": "text/plain", "text": "deep"}]}}]}'

check() {
	[ "$2" = "$want" ] || { printf '%s gave\n%s\nnot\n%s\n' "$1" "$2" "$want"; exit 1; }
}
got=$("$program" --flat-json <"$dir/mail")
check 'a file' "$got"
got=$(cat "$dir/mail" | "$program" --flat-json)
check 'a pipe' "$got"
got=$("$program" --flat-json </dev/null)
grep -q '"leaves": \[' <<<"$got" || { echo "nothing gave no object but $got"; exit 1; }
rc=0
"$program" --nonsense </dev/null 2>/dev/null || rc=$?
[ $rc = 2 ] || { echo "wrong usage gave $rc"; exit 1; }
