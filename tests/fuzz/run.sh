#!/bin/sh
# Runs fuzz targets: run.sh BUILD SECONDS NAME... New inputs stay in BUILD, findings stop the run.
# Weighing inputs by rarity (entropic) costs more than it finds: half of the time of a target with many branches.
set -eu
build=$1 seconds=$2
shift 2
here=$(dirname "$0")
for name in "$@"; do
    mkdir -p "$build/corpus/$name" "$build/findings"
    echo "fuzz $name for $seconds s"
    "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -entropic=0 \
        -max_len=65536 -print_final_stats=1 -artifact_prefix="$build/findings/$name-" \
        "$build/corpus/$name" "$here/seeds/$name" >"$build/findings/$name.log" 2>&1 || {
        tail -40 "$build/findings/$name.log"
        exit 1
    }
    grep -E 'stat::number_of_executed_units|^Done' "$build/findings/$name.log"
done
