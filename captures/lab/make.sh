#!/bin/sh
# Records the sample captures anew: captures/lab/make.sh [NAME...]   (needs root)
# SPDX-License-Identifier: MIT
#
# Installs the Debian packages it lacks, then runs lab.py. Network namespaces keep all traffic on
# this machine; they and their servers are gone when it ends.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
PYTHON=${PYTHON:-/usr/bin/python3}

if [ "$(id -u)" -ne 0 ]; then
    echo "make.sh: network namespaces need root: run it with sudo" >&2
    exit 2
fi

missing=
for package in iproute2 ethtool procps unbound nginx-light squid tcpdump wireshark-common \
    python3 python3-cryptography dnsmasq-base udhcpc hostapd wpasupplicant faketime; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
if [ -n "$missing" ]; then
    # Servers that the packages would start are not wanted: each scenario starts its own.
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends $missing
fi

PYTHONDONTWRITEBYTECODE=1 exec "$PYTHON" "$here/lab.py" "$here/.." "$@"
