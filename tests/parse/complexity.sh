#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# complexity.sh PARSE_FILES - doubling a hostile mail may at most triple the
# instructions that parsing it takes, for every shape that parse_files knows.
set -euo pipefail
program=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

files=()
for shape in $("$program" --list); do
	for n in 2000 4000; do
		"$program" --make "$shape" $n "$dir/$shape.$n"
		files+=("$dir/$shape.$n")
	done
done
# One run for all, because valgrind takes a second to start: counts are dumped, and
# begin anew, at each return of batch_parse().
valgrind --tool=callgrind --toggle-collect=batch_parse --dump-after=batch_parse \
	--callgrind-out-file="$dir/out" "$program" "${files[@]}" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }

count() { # which dump -> instructions
	sed -n 's/^totals: //p' "$dir/out.$1" | cut -d' ' -f1
}

failed=0
for ((i = 1; i < ${#files[@]}; i += 2)); do
	shape=$(basename "${files[i]}" .4000)
	small=$(count "$i") large=$(count $((i + 1)))
	printf '%-24s %12d %12d  x%d.%02d\n' "$shape" "$small" "$large" \
		$((large / small)) $((large * 100 / small % 100))
	# Too little would mean that nothing was measured.
	if [ "$small" -lt 50000 ] || [ "$large" -gt $((small * 3)) ]; then
		echo "$shape: doubling more than triples the cost"
		failed=1
	fi
done
exit $failed
