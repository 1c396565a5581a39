#!/bin/sh
# All static checks, each a line: "ok NAME" or "FAILED NAME" with what it said. FLAGS has the include flags.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build/lint}
mkdir -p "$build"
log=$build/log
passed=0 failed=0

check() {
    name=$1
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "ok $name"
    else
        failed=$((failed + 1))
        echo "FAILED $name"
        head -60 "$log"
    fi
}

headers_alone() {
    for header in include/*/*.h; do
        # shellcheck disable=SC2086 # FLAGS is a list
        ${CC:-cc} -std=c11 $FLAGS -Wall -Wextra -Werror -fsyntax-only -x c "$header" || return 1
    done
}

warnings() {
    make --no-print-directory BUILD="$build/$1" CC="$1" WERROR=-Werror all
}

format() {
    make --no-print-directory format-check
}

tidy() {
    # shellcheck disable=SC2086 # FLAGS is a list
    find src -name '*.c' -print0 |
        xargs -0 -n 1 -P "$(nproc)" sh -c 'clang-tidy --quiet "$@" -- -std=c11 $FLAGS 2>/dev/null' sh
}

sizes() {
    awk 'FNR == 1 { if (NR > 1 && lines > 600) { print file ": " lines " lines, at most 600"; bad = 1 } file = FILENAME }
         { lines = FNR }
         END { if (lines > 600) { print file ": " lines " lines"; bad = 1 } exit bad }' \
        src/*/*.[ch] include/*/*.h
}

check layers tests/lint/layers.sh
check banned tests/lint/banned.sh
check file-sizes sizes
check headers-alone headers_alone
check format format
check gcc-warnings warnings gcc
check clang-warnings warnings clang
check clang-tidy tidy
check cppcheck cppcheck --enable=warning,performance,portability --std=c11 --error-exitcode=1 \
    --inline-suppr --quiet -Iinclude -D_DEFAULT_SOURCE -j "$(nproc)" src
check shellcheck shellcheck -S warning tests/*.sh tests/*/*.sh captures/lab/*.sh .ci/run

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
