#!/usr/bin/env bash
# Makes the certificates that the tests, the docs and the examples of TLS use: test/net/certificates/*.pem. They are
# committed, for a machine may have no openssl, and hold for a hundred years. Their keys are public: trust none of them.
#
#   ca         signs all below but `stranger`
#   server     localhost, 127.0.0.1, ::1                  alpha   alpha.test, for SNI
#   expired    the same, but it ended in 2001             beta    *.beta.test, for SNI
#   client     a client, "test client"                    other   other.test: the wrong name for everybody
#   stranger   localhost, 127.0.0.1, signed by itself
set -euo pipefail
cd "$(dirname "$0")/../test/net/certificates"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

from=20200101000000Z
until=21200101000000Z

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1-key.pem" 2>/dev/null; }
request() { openssl req -new -key "$1-key.pem" -subj "/O=Fibril tests/CN=$2" -out "$scratch/$1.csr"; }

# `openssl ca` is what can date a certificate back in every version.
: > "$scratch/index"
openssl rand -hex 8 > "$scratch/serial"
cat > "$scratch/config" <<CONFIG
[ca]
default_ca = tests
[tests]
database = $scratch/index
serial = $scratch/serial
new_certs_dir = $scratch
default_md = sha256
policy = anything
unique_subject = no
[anything]
organizationName = optional
commonName = supplied
CONFIG

sign() { # name extensions from until [-selfsign]
  printf '%b' "$2" > "$scratch/extensions"
  local by=(-cert ca.pem -keyfile ca-key.pem)
  [ -n "${5:-}" ] && by=(-selfsign -keyfile "$1-key.pem")
  openssl ca -batch -notext -config "$scratch/config" "${by[@]}" -in "$scratch/$1.csr" -out "$1.pem" \
    -startdate "$3" -enddate "$4" -extfile "$scratch/extensions" 2>/dev/null
}
certificate() { # name subject usage names [from until]
  key "$1"
  request "$1" "$2"
  sign "$1" "basicConstraints=CA:FALSE\nextendedKeyUsage=$3\n${4:+subjectAltName=$4\n}" "${5:-$from}" "${6:-$until}"
}

key ca
request ca 'test authority'
sign ca 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' "$from" "$until" -selfsign
here='DNS:localhost,IP:127.0.0.1,IP:::1'
certificate server localhost serverAuth "$here"
certificate expired localhost serverAuth "$here" 20000101000000Z 20010101000000Z
certificate alpha alpha.test serverAuth DNS:alpha.test
certificate beta beta.test serverAuth 'DNS:*.beta.test'
certificate other other.test serverAuth DNS:other.test
certificate client 'test client' clientAuth ''
key stranger
request stranger localhost
sign stranger "basicConstraints=CA:FALSE\nsubjectAltName=$here\n" "$from" "$until" -selfsign
