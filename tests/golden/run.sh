#!/bin/sh
# Golden reports: what the program says of every sample capture, as text and as JSON.
#   run.sh BUILD            compares, prints TAP
#   run.sh --update BUILD   rewrites the expected reports; review the difference
# LIST has one line a report: name, capture, options. Versions and hashes are left out of the comparison.
set -u
update=false
if [ "$1" = --update ]; then
    update=true
    shift
fi
program=$(realpath "$1/oobescope")
cd "$(dirname "$0")/../.." || exit 1
golden=tests/golden
SOURCE_DATE_EPOCH=0
export SOURCE_DATE_EPOCH
out=$(mktemp) && trap 'rm -f "$out"' EXIT
number=0 failed=0

report() {
    # shellcheck disable=SC2086 # options are a list
    "$program" $2 "$1" 2>&1 | sed -E 's/"(version|sha256)": "[^"]*"/"\1": ""/'
}

result() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number $2"
    else
        failed=$((failed + 1))
        echo "not ok $number $2"
    fi
}

while read -r name capture options; do
    case $name in '' | '#'*) continue ;; esac
    report "$capture" "$options" >"$out"
    if $update; then
        cp "$out" "$golden/$name"
    fi
    diff -u "$golden/$name" "$out"
    result $? "$name"
done <"$golden/LIST"

# A sample capture without golden reports is a mistake.
for capture in captures/*.pcap captures/*.pcapng; do
    [ -f "$capture" ] || continue
    [ "$(grep -cE " $capture( |$)" "$golden/LIST")" -ge 2 ]
    result $? "$capture is in LIST"
    # Labels change nothing: the same report without nDPI.
    report "$capture" "--format json" >"$out"
    report "$capture" "--format json --no-ndpi" | cmp -s - "$out"
    result $? "$capture --no-ndpi"
done
exit $((failed > 0))
