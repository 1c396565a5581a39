#!/bin/sh
# Runs test groups and counts: run.sh all|unit|replay|golden|... BUILD [LAYER]
# Prints what failed, one line a group, and last "N passed, N failed[, N skipped]".
# Status 1 when anything failed or nothing ran.
set -u
group=$1 build=$2 layer=${3:-}
here=$(dirname "$0")
passed=0 failed=0 skipped=0
log=$(mktemp) && trap 'rm -f "$log"' EXIT

# Counts TAP lines of a finished program: its output is in $log, its status in $2.
count_tap() {
    ok=$(grep -c '^ok' "$log")
    bad=$(grep -c '^not ok' "$log")
    skip=$(grep -ci '^ok.*# skip' "$log")
    # A program that died, or said nothing, is one failure more than it told of.
    if [ "$2" -ne 0 ] && [ "$bad" -eq 0 ] || [ $((ok + bad)) -eq 0 ]; then
        bad=$((bad + 1))
    fi
    passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
    if [ "$bad" -ne 0 ]; then
        echo "FAILED $1 (status $2)"
        grep -v '^ok' "$log" | head -60
    fi
}

run() {
    "$@" >"$log" 2>&1
    count_tap "$*" $?
}

unit() {
    CMOCKA_MESSAGE_OUTPUT=TAP
    export CMOCKA_MESSAGE_OUTPUT
    before=$((passed + failed))
    # shellcheck disable=SC2231 # without a layer: a pattern
    for test in "$build"/tests/unit/${layer:-*}/test_*; do
        if [ -x "$test" ] && [ -f "$test" ]; then
            run "$test"
        fi
    done
    if [ $((passed + failed)) -eq "$before" ]; then
        echo "FAILED no unit test was found in $build"
        failed=$((failed + 1))
    fi
}

replay() {
    for program in "$build"/tests/fuzz/replay_*; do
        if [ -x "$program" ] && [ -f "$program" ]; then
            run "$program" "$here/fuzz/seeds/${program##*/replay_}"
        fi
    done
}

case $group in
unit) unit ;;
replay) replay ;;
all)
    unit
    replay
    for script in "$here"/golden/run.sh "$here"/check_*.sh "$here"/check_*.py; do
        case $script in
        *.py) [ -f "$script" ] && run "${PYTHON:-python3}" "$script" "$build" ;;
        *) [ -f "$script" ] && run "$script" "$build" ;;
        esac
    done
    ;;
*) echo "run.sh: unknown group '$group'" >&2; exit 2 ;;
esac

if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
