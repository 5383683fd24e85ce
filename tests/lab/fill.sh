#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fill.sh DIR USER SOURCE [N] [MAILBOX] [FLAGS] - put the first N messages (0 = all) of a folder of .eml files, or of a
# Maildir, into a mailbox of the Dovecot of DIR. Straight into the Maildir (hard links where it can), about 20k in a second or two.
#   MAILBOX INBOX (default) or a/b; FLAGS e.g. S (seen) or FS; default none and unseen ("new")
# UIDs are given when somebody next looks. The mail date is the file's mtime.
set -eu
dir=${1:?usage: fill.sh DIR USER SOURCE [N] [MAILBOX] [FLAGS]}; user=${2:?USER}; src=${3:?SOURCE}; n=${4:-0}; box=${5:-INBOX}; flags=${6:-}
md=$dir/mail/$user
[ "$box" = INBOX ] || md=$md/.$(tr / . <<<"$box")
owner=nobody; [ -d "$dir/mail" ] && owner=$(stat -c %U:%G "$dir/mail")
mkdir -p "$md/new" "$md/cur" "$md/tmp"
[ "$box" = INBOX ] || touch "$md/maildirfolder"
perl -e '
use strict; my ($src, $md, $n, $flags) = @ARGV; my @d = -d "$src/cur" ? ("$src/cur", "$src/new") : ($src);
my ($i, $t) = (0, time); my $to = $flags ? "cur" : "new"; my $run = "$$" . int(rand(1e6));
for my $d (@d) { opendir(my $h, $d) or next; my @f = sort grep { !/^\./ && -f "$d/$_" } readdir $h;
  for my $f (@f) { last if $n && $i >= $n; $i++;
    my $size = -s "$d/$f"; my $name = sprintf("%d.M%06dP%s.lab,S=%d", $t, $i, $run, $size); $name .= ":2,$flags" if $flags;
    link("$d/$f", "$md/$to/$name") or do { open(my $in, "<:raw", "$d/$f") or die "$d/$f: $!"; local $/; open(my $out, ">:raw", "$md/tmp/$name") or die "$md: $!"; print {$out} scalar <$in>; close $out; my @s = stat $in; utime $s[9], $s[9], "$md/tmp/$name"; rename("$md/tmp/$name", "$md/$to/$name") or die $!; };
  } }
print "$i messages in $md\n";
' "$src" "$md" "$n" "$flags"
[ "$(id -u)" = 0 ] && { chown "$owner" "$dir/mail/$user" "$md" "$md"/new "$md"/cur "$md"/tmp; find "$md/new" "$md/cur" -type f ! -perm -o=r -exec chmod o+r {} + ; }
exit 0
