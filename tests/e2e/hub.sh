# SPDX-License-Identifier: Apache-2.0
# A hub for a test. Sourced by the scripts in this folder, not run.
#   free_port                              prints a port of 127.0.0.1 that nobody listens on
#   hub_start FOLDER PORT [KEY=VALUE...]   starts a hub with its data in FOLDER/data, waits until it is ready
#   ctl VERB...                            threadsctl of that hub
#   hub_stop                               ends it (also called at exit)
#   ok NAME / not_ok NAME [WHY]            one TAP line; check NAME COMMAND... runs a command for it
# Programs come from THREADS_BIN; whatever is to be kept goes to THREADS_OUT.
set -uo pipefail
e2e_name=$(basename "$0")
THREADS_ROOT=${THREADS_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
THREADS_BIN=${THREADS_BIN:-$THREADS_ROOT/build/release}
THREADS_OUT=${THREADS_OUT:-$THREADS_ROOT/build/test-output/$e2e_name}
mkdir -p "$THREADS_OUT"
# shellcheck source=../../scripts/common.sh
. "$THREADS_ROOT/scripts/common.sh"
e2e_failed=0
hub_process=

ok() { echo "ok $e2e_name: $1"; }
not_ok() {
	echo "not ok $e2e_name: $1${2:+ ($2)}"
	e2e_failed=1
}
check() {
	local name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name"; fi
}
# same NAME GOT WANT
same() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', not '$3'"; fi
}

free_port() {
	local port
	while port=$((20000 + RANDOM % 10000)); port_open "$port"; do :; done
	echo "$port"
}

# A scratch folder that the roles' uids can reach; removed at the end.
scratch=$(mktemp -d "/var/tmp/threads-e2e.XXXXXX")
chmod 755 "$scratch"

hub_start() {
	local folder=$1 port=$2 uids=0 pair
	shift 2
	hub_data=$folder/data hub_port=$port
	[ "$(id -u)" = 0 ] && uids=$role_uids
	mkdir -p "$hub_data"
	{
		printf 'data_dir = %s\nlisten = 127.0.0.1:%s\nrole_uids = %s\n' "$hub_data" "$port" "$uids"
		for pair in "$@"; do printf '%s = %s\n' "${pair%%=*}" "${pair#*=}"; done
	} >"$folder/threads.conf"
	"$THREADS_BIN/threadsd" --config "$folder/threads.conf" >>"$THREADS_OUT/hub.log" 2>&1 </dev/null &
	hub_process=$!
	hub_wait || {
		tail -n 30 "$THREADS_OUT/hub.log"
		return 1
	}
}

hub_wait() {
	local i
	for i in $(seq 300); do
		[ "$(http_get "$hub_port" /readyz 2>/dev/null)" != 200 ] || return 0
		[ -e "/proc/$hub_process" ] || return 1
		sleep 0.1
	done
	return 1
}

hub_stop() {
	[ -n "$hub_process" ] || return 0
	kill -TERM "$hub_process" 2>/dev/null
	wait "$hub_process"
	hub_process=
}

ctl() { "$THREADS_BIN/threadsctl" --data "$hub_data" "$@"; }

# json KEY: the value of KEY in the JSON object on standard input.
json() { jq -r ".$1"; }

e2e_end() {
	local rc=$?
	trap - EXIT
	hub_stop
	rm -rf "$scratch"
	[ $rc = 0 ] && exit $e2e_failed
	exit $rc
}
trap e2e_end EXIT
trap 'exit 130' INT TERM
