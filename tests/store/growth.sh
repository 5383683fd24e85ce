#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# growth.sh GROWTH SEARCH_COST - the first page of a search may cost at most half as
# much again in four times the mail, in instructions. Only the rows of a prefix with many
# words are collected whole: there growth is linear, which also shows that the measure sees it.
set -euo pipefail
make=$1 search=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

queries=(common "common even" '"quick foxes"' from:ada rarely "common after:1970-01-10" "many OR odd" "has:attachment" "" "kind*"
	"common -kind1*" "kind* OR has:attachment" "w*")
limits=(150 150 150 150 150 150 150 150 150 150 150 150 500)
declare -A cost
for n in 3000 12000; do
	"$make" "$dir/$n.db" $n
	# The second run of each query is counted: statements are prepared, pages are read.
	printf '%s\n' "${queries[@]}" | valgrind --tool=callgrind --toggle-collect=search_run \
		--dump-after=search_run --callgrind-out-file="$dir/$n" "$search" "$dir/$n.db" ann 2 20 \
		>"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
	for i in "${!queries[@]}"; do
		cost[$n.$i]=$(sed -n 's/^totals: //p' "$dir/$n.$((2 * i + 2))" | cut -d' ' -f1)
	done
done

failed=0
for i in "${!queries[@]}"; do
	small=${cost[3000.$i]} large=${cost[12000.$i]}
	percent=$((large * 100 / small))
	printf '%-26s %10d %10d  %d %%\n' "${queries[i]}" "$small" "$large" $percent
	# Too little would mean that nothing was measured.
	if [ "$small" -lt 50000 ] || [ $percent -gt "${limits[i]}" ]; then
		echo "'${queries[i]}' costs too much more in a larger archive"
		failed=1
	fi
done
if [ $percent -lt 200 ]; then # of the last one, the prefix
	echo "the control did not grow: this measures nothing"
	failed=1
fi
exit $failed
