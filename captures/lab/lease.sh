#!/bin/sh
# What udhcpc calls when DHCP gave an address: sets it, and writes the resolvers to $LEASE for the device.
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # interface, ip and mask come from udhcpc
set -eu

case $1 in
deconfig)
    ip -4 addr flush dev "$interface"
    ;;
bound | renew)
    ip addr replace "$ip/${mask:-24}" dev "$interface"
    for gateway in ${router:-}; do
        ip route replace default via "$gateway" dev "$interface"
        break
    done
    printf '%s\n' "${dns:-}" >"$LEASE"
    ;;
esac
