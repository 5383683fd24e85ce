#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ca.sh DIR [NAME...] - a throw-away CA and one server certificate in DIR/tls (made once; delete DIR/tls to renew).
# Also makes the bad ones that a client must refuse: expired, wronghost, selfsigned, nochain (no intermediate); and chain (good).
set -eu
dir=${1:?usage: ca.sh DIR [NAME...]}; shift || true
t=$dir/tls
[ -f "$t/done" ] && exit 0
mkdir -p "$t"; chmod 755 "$t"; cd "$t"
names="DNS:localhost,DNS:imap.lab.test"; for i in 1 2 3 4 5 6; do names="$names,IP:127.0.0.$i"; done
for n in "$@"; do names="$names,DNS:$n"; done
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
key ca.key
openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj "/CN=Throw-away lab CA" \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem 2>/dev/null
leaf() { # leaf NAME SAN DAYS [CA]
  local ca=${4:-ca}
  key "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=${1}" -out "$1.csr" 2>/dev/null
  printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n' "$2" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$ca.pem" -CAkey "$ca.key" -CAcreateserial -sha256 -days "$3" -extfile "$1.ext" -out "$1.pem" 2>/dev/null
  rm -f "$1.csr" "$1.ext"
}
leaf server "$names" 3650
leaf wronghost "DNS:other.lab.test" 3650
# expired: "openssl ca" is the only openssl 3.0 command that takes an end date in the past
key expired.key
openssl req -new -key expired.key -subj /CN=expired -out expired.csr 2>/dev/null
: > index.txt; echo 1001 > serial
cat > ca.cnf <<C
[ca]
default_ca=d
[d]
database=index.txt
serial=serial
new_certs_dir=.
default_md=sha256
policy=p
x509_extensions=x
unique_subject=no
[p]
commonName=supplied
[x]
subjectAltName=$names
basicConstraints=CA:FALSE
extendedKeyUsage=serverAuth
C
openssl ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -startdate 20200101000000Z -enddate 20200201000000Z -in expired.csr -out expired.pem >/dev/null 2>&1
rm -f expired.csr ca.cnf index.txt* serial* 1001.pem
# self-signed, right name
key selfsigned.key
openssl req -x509 -new -key selfsigned.key -sha256 -days 3650 -subj /CN=localhost -addext "subjectAltName=$names" -out selfsigned.pem 2>/dev/null
# intermediate: chain.pem is right, nochain.pem leaves the intermediate out
key inter.key
openssl req -new -key inter.key -subj "/CN=Lab intermediate" -out inter.csr 2>/dev/null
printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n' > inter.ext
openssl x509 -req -in inter.csr -CA ca.pem -CAkey ca.key -CAcreateserial -sha256 -days 3650 -extfile inter.ext -out inter.pem 2>/dev/null
rm -f inter.csr inter.ext
leaf nochain "$names" 3650 inter
cat nochain.pem inter.pem > chain.pem; cp nochain.key chain.key
chmod 644 ./*.pem ./*.key
date > done
