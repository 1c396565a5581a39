#!/bin/sh
# Runs the live check and counts: run.sh PROGRAM. Prints what failed, and last
# "N passed, N failed[, N skipped]". Without root nothing can be shown, and that is one skipped.
set -u
here=$(dirname "$0")

if [ "$(id -u)" -ne 0 ]; then
    echo "check-live needs root: network namespaces"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
"$here/../deps.sh" build check live || exit 1
log=$(mktemp) && trap 'rm -f "$log"' EXIT
timeout 300 "${PYTHON:-python3}" "$here/check_live.py" "$1" >"$log" 2>&1
status=$?
grep -v '^ok' "$log"
passed=$(grep -c '^ok' "$log")
failed=$(grep -c '^not ok' "$log")
# A program that died is one failure more than it told of.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    failed=1
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
