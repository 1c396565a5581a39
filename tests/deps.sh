#!/bin/sh
# Installs the Debian packages that are missing for the named purposes: build, check, live, lint.
# Needs root or sudo only when something is missing.
set -eu

packages=''
for purpose in "$@"; do
    case $purpose in
    build) packages="$packages pkg-config libpcap-dev libndpi-dev libjansson-dev libssl-dev libseccomp-dev
        libmicrohttpd-dev zlib1g-dev libzstd-dev liblz4-dev" ;;
    check) packages="$packages libcmocka-dev python3 python3-jsonschema" ;;
    live) packages="$packages iproute2 ethtool procps util-linux tmux unbound nginx-light tcpdump \
        python3-cryptography" ;;
    lint) packages="$packages clang clang-format clang-tidy cppcheck shellcheck" ;;
    *) echo "deps.sh: unknown purpose '$purpose'" >&2; exit 2 ;;
    esac
done

missing=''
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=''
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "deps.sh: missing packages:$missing (install them as root; there is no sudo)" >&2
        exit 1
    }
    as_root=sudo
fi
echo "installing:$missing"
DEBIAN_FRONTEND=noninteractive
RUNLEVEL=1 # servers that packages would start are not wanted
export DEBIAN_FRONTEND RUNLEVEL
# shellcheck disable=SC2086 # lists of words
$as_root apt-get update -q >/dev/null
# shellcheck disable=SC2086
$as_root apt-get install -y -q --no-install-recommends $missing >/dev/null
