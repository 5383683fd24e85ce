#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# dovecot.sh start|stop|status DIR [PORT] - a private Dovecot on 127.0.0.1, without root rights.
#   PORT    IMAP with STARTTLS (clear-text logins allowed), PORT+1 IMAPS, PORT+2 LMTP (clear text, for new-mail tests)
#   Every address 127.0.0.1-6 answers on both IMAP ports; 127.0.0.2 has an expired certificate, .3 one for another host,
#   .4 a self-signed one, .5 one without its intermediate (a client must refuse these four), .6 one with it (must accept).
# DIR/users is a Dovecot passwd-file that you may edit at any time ("name:{PLAIN}password::::::").
# Environment: OAUTH_URL (an OAuth server; default none), QUOTA (e.g. 10M), LAB_USER (nobody; used when root),
#   MECHS ("plain login xoauth2 oauthbearer"), COMPRESS=1 (offer COMPRESS=DEFLATE; default on), STORE maildir|mdbox
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cmd=${1:?usage: dovecot.sh start|stop|status DIR [PORT]}; dir=${2:?DIR}; port=${3:-9143}
mkdir -p "$dir"; dir=$(cd "$dir" && pwd)
ours() { [ -s "$dir/run/master.pid" ] && p=$(cat "$dir/run/master.pid") && tr '\0' '\n' 2>/dev/null < "/proc/$p/cmdline" | grep -qx "$dir/dovecot.conf"; }
case $cmd in
status) if ours; then echo "running: imap $(cat "$dir/imap.port")"; exit 0; else echo stopped; exit 1; fi ;;
stop)
  if ours; then
    kids=$(cat "/proc/$p/task/$p/children" 2>/dev/null || true); kill "$p"
    for _ in $(seq 100); do # the master ends first; wait for its children, which hold the ports
      left=0; for q in $p $kids; do kill -0 "$q" 2>/dev/null && left=1; done
      [ $left = 0 ] && break; sleep 0.1
    done
  fi
  rm -f "$dir/run/master.pid"; exit 0 ;;
start) ;;
*) echo "unknown: $cmd" >&2; exit 2 ;;
esac
if ours; then echo "already running: imap $(cat "$dir/imap.port")"; exit 0; fi
PATH=$PATH:/usr/sbin # not in the PATH of ordinary users
command -v dovecot >/dev/null || { echo "apt-get install -y --no-install-recommends dovecot-imapd dovecot-lmtpd" >&2; exit 1; }
"$here/ca.sh" "$dir"
user=$(id -un); as=()
if [ "$(id -u)" = 0 ]; then user=${LAB_USER:-nobody}; as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups); fi
group=$(id -gn "$user")
mkdir -p "$dir/run" "$dir/state" "$dir/mail" "$dir/index"
if [ ! -f "$dir/users" ]; then
  for u in alice bob carol; do echo "$u@lab.test:{PLAIN}$u-pw::::::"; done > "$dir/users"
fi
oauth=${OAUTH_URL:-}
case ${STORE:-maildir} in
maildir) location="maildir:$dir/mail/%u:INDEX=$dir/index/%u" ;;
mdbox) location="mdbox:$dir/mail/%u" ;;
esac
mechs=${MECHS:-plain login${oauth:+ xoauth2 oauthbearer}}
{ cat <<C
base_dir = $dir/run
state_dir = $dir/state
instance_name = lab-$port
log_path = $dir/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1, 127.0.0.2, 127.0.0.3, 127.0.0.4, 127.0.0.5, 127.0.0.6
default_internal_user = $user
default_internal_group = $group
default_login_user = $user
first_valid_uid = 1
first_valid_gid = 0
mail_uid = $user
mail_gid = $group
mail_location = $location
mail_home = $dir/mail/%u
mail_plugins =${QUOTA:+ quota}
maildir_stat_dirs = no
maildir_very_dirty_syncs = yes
mail_fsync = never
auth_mechanisms = $mechs
auth_verbose = yes
auth_cache_size = 0
disable_plaintext_auth = no
login_trusted_networks =
mail_max_userip_connections = ${MAXCONN:-100}
ssl = yes
ssl_cert = <$dir/tls/server.pem
ssl_key = <$dir/tls/server.key
ssl_client_ca_file = $dir/tls/ca.pem
ssl_min_protocol = TLSv1.2
imap_idle_notify_interval = 2 mins
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts { 
    special_use = \\Drafts
    auto = create
  }
  mailbox Sent { 
    special_use = \\Sent
    auto = create
  }
  mailbox Trash { 
    special_use = \\Trash
    auto = create
  }
  mailbox Junk { 
    special_use = \\Junk
    auto = create
  }
  mailbox Archive { 
    special_use = \\Archive
    auto = create
  }
}
protocol imap {
  mail_plugins = \$mail_plugins$([ "${COMPRESS:-1}" = 1 ] && echo ' zlib imap_zlib')${QUOTA:+ imap_quota}
  imap_metadata = no
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u $dir/users
}
userdb {
  driver = static
  args = allow_all_users=yes
}
C
[ -n "${QUOTA:-}" ] && cat <<C
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=$QUOTA
}
C
[ -n "$oauth" ] && cat <<C
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $dir/dovecot-oauth2.conf
}
C
svc() { cat <<C
service $1 {
  chroot =
  ${2:-}
}
C
}
svc anvil; svc log; svc stats "unix_listener stats-writer { 
    mode = 0600
  }
  unix_listener stats-reader {
    mode = 0600
  }"
svc lmtp "inet_listener lmtp {
    port = $((port+2))
  }"
cat <<C
service imap-login {
  chroot =
  process_min_avail = 1
  service_count = 0
  client_limit = 1000
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = $((port+1))
    ssl = yes
  }
C
echo "}"
cat <<C
service imap {
  client_limit = 1
  process_limit = 1000
}
service auth {
  unix_listener auth-userdb {
    mode = 0600
  }
}
service auth-worker {
  user = $user
}
C
i=2
for n in expired wronghost selfsigned nochain chain; do
  printf 'local 127.0.0.%s {\n  ssl_cert = <%s/tls/%s.pem\n  ssl_key = <%s/tls/%s.key\n}\n' $i "$dir" $n "$dir" $n; i=$((i+1))
done
} > "$dir/dovecot.conf"
if [ -n "$oauth" ]; then
  scheme=${oauth%%://*}; rest=${oauth#*://}
  { cat <<C
introspection_mode = post
introspection_url = $scheme://dovecot:dovecot-secret@$rest/token/introspection
force_introspection = yes
username_attribute = sub
active_attribute = active
active_value = true
scope = https://mail.google.com/
openid_configuration_url = $oauth/.well-known/openid-configuration
timeout_msecs = 5000
C
  [ "$scheme" = https ] && echo "tls_ca_cert_file = ${OAUTH_CACERT:-$dir/tls/ca.pem}"; true; } > "$dir/dovecot-oauth2.conf"
fi
[ "$(id -u)" = 0 ] && chown -R "$user:$group" "$dir/run" "$dir/state" "$dir/mail" "$dir/index" && touch "$dir/dovecot.log" && chown "$user" "$dir/dovecot.log"
"${as[@]}" test -w "$dir/run" || { echo "$user cannot write below $dir: every folder above needs o+x" >&2; exit 1; }
"${as[@]}" setsid dovecot -c "$dir/dovecot.conf" < /dev/null
for _ in $(seq 100); do ours && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
ours || { echo "did not start:"; tail -20 "$dir/dovecot.log"; exit 1; } >&2
echo "$port" > "$dir/imap.port"; echo "imap://127.0.0.1:$port imaps://localhost:$((port+1)) lmtp://127.0.0.1:$((port+2))"
