#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# badimap.sh start|stop|status DIR [PORT] - a scripted IMAP server for bad days. PORT clear text and STARTTLS, PORT+1 TLS.
# Choose the scenario with the login name ("dropliteral+3@lab.test"), or, for what happens before the log-in, with the
# file DIR/scenario. DIR/count, DIR/uidvalidity and DIR/newmail change the mailbox while it runs. See README.md for the list.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cmd=${1:?usage: badimap.sh start|stop|status DIR [PORT]}; dir=${2:?DIR}; port=${3:-9343}
mkdir -p "$dir"; dir=$(cd "$dir" && pwd)
ours() { [ -s "$dir/badimap.pid" ] && p=$(cat "$dir/badimap.pid") && tr '\0' '\n' 2>/dev/null < "/proc/$p/environ" | grep -qx "BAD_DIR=$dir"; }
case $cmd in
start)
  if ours; then echo "already running"; exit 0; fi
  "$here/ca.sh" "$dir"; rm -f "$dir/badimap.pid"
  BAD_DIR=$dir BAD_PORT=$port setsid node "$here/badimap.mjs" > "$dir/badimap.out" 2>&1 < /dev/null &
  for _ in $(seq 100); do [ -s "$dir/badimap.pid" ] && break; sleep 0.1; done
  ours || { cat "$dir/badimap.out" >&2; exit 1; }
  echo "imap://127.0.0.1:$port imaps://localhost:$((port+1))" ;;
stop) if ours; then kill "$p"; for _ in $(seq 50); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done; fi; rm -f "$dir/badimap.pid" ;;
status) if ours; then echo running; else echo stopped; exit 1; fi ;;
*) exit 2 ;;
esac
