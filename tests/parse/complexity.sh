#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# complexity.sh PARSE_FILES - doubling a hostile mail may at most triple the
# instructions that parsing it takes, for every shape that parse_files knows.
set -euo pipefail
program=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

count() { # SHAPE N -> instructions within batch_parse()
	"$program" --make "$1" "$2" "$dir/$1.$2"
	valgrind --tool=callgrind --toggle-collect=batch_parse --callgrind-out-file="$dir/$1.$2.out" \
		"$program" "$dir/$1.$2" >"$dir/$1.$2.log" 2>&1 || { cat "$dir/$1.$2.log" >&2; exit 1; }
	sed -n 's/^summary: //p' "$dir/$1.$2.out"
}

one() {
	local shape=$1 small large
	small=$(count "$shape" 3000)
	large=$(count "$shape" 6000)
	if [ "$small" -lt 100000 ]; then
		echo "$shape: only $small instructions were counted: nothing was measured"
		return 1
	fi
	printf '%-24s %12d %12d  x%d.%02d\n' "$shape" "$small" "$large" \
		$((large / small)) $((large * 100 / small % 100))
	[ "$large" -le $((small * 3)) ] || { echo "$shape: doubling more than triples the cost"; return 1; }
}

export -f one count
export program dir
"$program" --list | xargs -P "$(nproc)" -I{} bash -c 'one {}'
