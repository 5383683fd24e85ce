# SPDX-License-Identifier: Apache-2.0
# What the scripts share. Sourced, not run: it sets $root and defines functions.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
port_default=8420
# Sixteen numeric uids from here on for the roles; no passwd entries are needed.
role_uids=58400

say() { printf '%s\n' "$*" >&2; }
die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 1
}

# Where quickstart keeps a hub's data if nobody says otherwise.
default_data() {
	if [ "$(id -u)" = 0 ]; then
		echo /var/lib/threads-quickstart
	else
		echo "${XDG_DATA_HOME:-$HOME/.local/share}/threads-quickstart"
	fi
}

# run_logged LOG CMD...: output goes to LOG, its end is shown if CMD fails.
run_logged() {
	local log=$1 rc=0
	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	[ $rc = 0 ] || {
		say "This failed: $*"
		tail -n 40 "$log" >&2
		say "The whole output is in $log"
	}
	return $rc
}

# Puts web/node_modules in place. The web tools want a newer Node than Debian's; that one
# is a locked package itself. npm leaves out optional packages (the compiled parts of the
# bundler) that the Node *it* runs on is too old for: so npm runs on the newer one, too.
install_web() {
	local npm_cli node=$root/build/node
	if node -e 'process.exit(Number(process.versions.node.split(".")[0] < 22))'; then
		npm ci --ignore-scripts --no-audit --no-fund
		return
	fi
	npm_cli=$(readlink -f "$(command -v npm)") &&
		npm ci --ignore-scripts --no-audit --no-fund --omit=dev &&
		cp node_modules/node-linux-*/bin/node "$node" &&
		"$node" "$npm_cli" ci --ignore-scripts --no-audit --no-fund
}

# Builds web/dist unless nothing of web/ changed since. The stamp stands outside
# of web/dist, because everything in there becomes part of the program.
build_web() {
	local stamp=$root/build/web.stamp
	if [ -e "$stamp" ] && [ -e "$root/web/dist/index.html" ] && [ -z "$(find "$root/web" \
		\( -name node_modules -o -name dist \) -prune -o -type f -newer "$stamp" -print -quit)" ]; then
		return 0
	fi
	mkdir -p "$root/build"
	(
		cd "$root/web" && touch "$stamp.new" || exit 1
		if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
			install_web || exit 1
		fi
		npm run build
	) && mv "$stamp.new" "$stamp"
}

# The programs among the targets of a configured build folder.
program_targets() {
	ninja -C "$1" -t targets all | sed -nE 's/^(threadsd|threadsctl|libexec\/threads-[a-z]+): .*/\1/p' | sort -u
}

build_programs() {
	local dir=$root/build/release
	cd "$root"
	cmake --preset release && program_targets "$dir" | xargs ninja -C "$dir"
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# http_get PORT PATH: prints the status number, or fails. bash alone, because a
# fresh machine has no curl.
http_get() {
	local status
	exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
	printf 'GET %s HTTP/1.1\r\nHost: localhost:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
	read -r -t 10 _ status _ <&3 || status=
	exec 3<&- 3>&-
	[ -n "$status" ] && echo "$status"
}

# hub_pid DATA: the process that quickstart started there, if it still runs.
hub_pid() {
	local pid
	pid=$(cat "$1/quickstart.pid" 2>/dev/null) || return 1
	[ -n "$pid" ] && tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$1/threads.conf" && echo "$pid"
}
