# SPDX-License-Identifier: Apache-2.0
# A Debian 12 root file system for a test. Sourced, not run.
#   debian_root FOLDER PACKAGE,PACKAGE...   makes it with mmdebstrap and this machine's settings for apt
debian_root() {
	local tree=$1 sources
	sources=$(find /etc/apt/sources.list /etc/apt/sources.list.d -type f \( -name '*.list' -o -name '*.sources' \) \
		2>/dev/null | xargs -r grep -lE 'debian\.org|bookworm' | xargs -r grep -LiE 'nodesource|google')
	# shellcheck disable=SC2086
	mmdebstrap --variant=apt --include="$2" bookworm "$tree.tar" $sources &&
		mkdir "$tree" && tar -C "$tree" -xf "$tree.tar" && rm "$tree.tar" || return 1
	cp /etc/resolv.conf /etc/hosts "$tree/etc/"
	cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
	grep -lE -r 'Proxy|CaInfo|Check-Valid' /etc/apt/apt.conf /etc/apt/apt.conf.d 2>/dev/null | xargs -r cp -t "$tree/etc/apt/apt.conf.d/"
	return 0 # grep's status says nothing
}
