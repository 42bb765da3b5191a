#!/usr/bin/env bash
# The wheel in a Debian that holds Python and nothing else: versions, drivers, then the whole demo.
#
#   packaging/bare_debian.sh WHEEL [SUITE] [PYTHON] [PACKAGE built from source ...]
#
# Needs root and debootstrap. The system is made in a temporary folder and removed afterwards.
# A package without a wheel for that Python (fiona has none for 3.14) is named as the fourth
# argument: compiler and GDAL's headers are installed for it.
set -euo pipefail

wheel=$(realpath "$1") suite=${2:-bookworm} python=${3:-python3}
shift $(($# < 3 ? $# : 3))

root=$(mktemp -d)
cleanup() {
  umount "$root/proc" "$root/dev" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap cleanup EXIT

debootstrap --variant=minbase --include="$python-venv,ca-certificates" "$suite" "$root" >/dev/null
cp /etc/resolv.conf "$root/etc/"
# an organisation's own certificates, where pip needs them to reach its registry
[ -z "${PIP_CERT:-}" ] || cp "$PIP_CERT" "$root/etc/ssl/certs/ca-certificates.crt"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mkdir -p "$root/home/user"
cp "$wheel" "$root/home/user/"

inside() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/home/user DEBIAN_FRONTEND=noninteractive \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    chroot "$root" bash -euc "cd; $1"
}

options=(--quiet --no-cache-dir --only-binary :all:)
if [ $# -gt 0 ]; then
  inside "apt-get install -y -qq --no-install-recommends $python-dev g++ libgdal-dev >/dev/null"
  for package in "$@"; do options+=(--no-binary "$package"); done
fi
inside "$python -m venv venv; venv/bin/pip install ${options[*]} './$(basename "$wheel")[serve,classify]'"
inside "venv/bin/python --version; venv/bin/automap doctor; venv/bin/automap demo"
