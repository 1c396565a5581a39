#!/bin/sh
# What a user meets at the command line: exit statuses, error lines, output files. check_cli.sh BUILD; TAP.
set -u
program=$(realpath "$1/oobescope")
cd "$(dirname "$0")/.." || exit 1
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
good=captures/good-tls13.pcap
bad=captures/demo.pcap
number=0 failed=0

ok() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number $2"
    else
        failed=$((failed + 1))
        echo "not ok $number $2"
        sed 's/^/# /' "$tmp/err" | head -5
    fi
}

# run WHAT STATUS ARGUMENTS...: output in $tmp/out, errors in $tmp/err
run() {
    what=$1 want=$2
    shift 2
    "$program" "$@" >"$tmp/out" 2>"$tmp/err"
    [ $? -eq "$want" ]
    ok $? "$what: status $want"
}

says() {
    [ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -q -- "$1" "$tmp/err"
    ok $? "one line that says '$1'"
}

prints() {
    grep -q -- "$1" "$tmp/out"
    ok $? "prints '$1'"
}

run "no argument" 2
for unknown in --bogus -V --each=3; do
    run "$unknown" 2 $unknown "$good"
    says "^oobescope: $unknown: is no option; see oobescope --help"
done
for lacking in --format -o; do
    run "$lacking without a value" 2 "$good" $lacking
    says "^oobescope: $lacking: needs a value; see oobescope --help"
done
run "output to no name" 2 -o '' "$good"
says '--output: needs the name of a file'
for command in analyze services live; do
    run "help of $command" 0 $command --help
    prints '^usage:'
done
run "help behind a file" 0 "$good" --help
prints '^usage:'
run "a file name of two lines" 2 "$tmp/two
lines"
says 'two.x0alines: cannot be read'
run "help" 0 --help
prints '^usage:'
run "version" 0 --version
run "good capture" 0 "$good"
prints '^Verdict: clear'
run "explicit command" 0 analyze "$good"
run "failed deployment" 1 "$bad"
prints '^Verdict: blocked'
awk 'length > 80 { exit 1 }' "$tmp/out"
ok $? "fits 80 columns"
sed -n '/^## The demo/,/^## Use/ { /^## /d; s/^    //; p }' README.md | sed '1d;$d' | diff - "$tmp/out" >"$tmp/err"
ok $? "the README shows this report"
! grep -q "$(printf '\033')" "$tmp/out"
ok $? "no colours outside a terminal"

run "missing file" 2 "$tmp/missing.pcap"
says "$tmp/missing.pcap"
run "a folder" 2 "$tmp"
says "$tmp"
echo 'this is no capture' >"$tmp/text"
run "no capture" 2 "$tmp/text"
says "$tmp/text"
: >"$tmp/empty"
run "empty file" 2 "$tmp/empty"
says "$tmp/empty"
head -c 24 "$good" >"$tmp/header"
run "no packets" 3 "$tmp/header"
prints '^ *no packets$'
run "bad format" 2 --format yaml "$good"
says 'text, json, eve'
run "bad filter" 2 --filter 'tcp port ssh-ish' "$good"
says 'filter'
run "bad list" 2 --services "$tmp/text" "$good"
says "$tmp/text"
run "output nowhere" 2 -o "$tmp/no/such/folder" "$good"
says "$tmp/no/such/folder: cannot create the output file: No such file or directory; check its folder"

size=$(wc -c <"$bad")
head -c $((size - 7)) "$bad" >"$tmp/cut.pcap"
run "cut capture" 2 "$tmp/cut.pcap"
says "$tmp/cut.pcap"
prints '^Verdict:'
prints 'Damaged: cut off after packet'
size=$(wc -c <"$good")
head -c $((size - 7)) "$good" >"$tmp/cut-good.pcap"
run "cut good capture" 2 "$tmp/cut-good.pcap"
prints '^Verdict: clear'
prints '^- part of the capture could not be read: what it held is not judged'
run "the same in JSON" 2 --format json "$tmp/cut-good.pcap"
prints '"part of the capture could not be read'

gzip -c "$bad" >"$tmp/bad.gz"
run "compressed capture" 1 "$tmp/bad.gz"
prints '^Verdict: blocked'
"$program" - <"$tmp/bad.gz" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 1 ]
ok $? "compressed standard input"
head -c 20000 "$tmp/bad.gz" >"$tmp/cut.gz"
run "cut compressed capture" 2 "$tmp/cut.gz"
says "$tmp/cut.gz: its gzip data ends at byte offset 20000 (cut off) after packet"
prints '^Verdict:'
gzip -c "$tmp/text" >"$tmp/text.gz"
run "compressed text" 2 "$tmp/text.gz"
says "$tmp/text.gz: unpacked, it is no capture file"
if [ "$(id -u)" -ne 0 ]; then
    cp "$good" "$tmp/secret.pcap" && chmod 0 "$tmp/secret.pcap"
    run "unreadable file" 2 "$tmp/secret.pcap"
    says "$tmp/secret.pcap.*ermission"
fi

# One line each for what cannot be read; the rest is analyzed.
run "one file of several is none" 2 --format json "$tmp/text" "$bad" "$tmp/empty" "$tmp"
[ "$(wc -l <"$tmp/err")" -eq 3 ] && grep -q "^oobescope: $tmp/text: is no capture" "$tmp/err" &&
    grep -q "^oobescope: $tmp/empty: is empty" "$tmp/err" && grep -q "^oobescope: $tmp: is a dir" "$tmp/err"
ok $? "one line each"
prints '"verdict": "blocked"'
prints "\"$tmp/text: is no capture file"
run "none of several is one" 2 "$tmp/text" "$tmp/empty"
[ "$(wc -l <"$tmp/err")" -eq 2 ] && [ ! -s "$tmp/out" ]
ok $? "one line each and no report"

"$program" --format json - <"$bad" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 1 ] && grep -q '"verdict": "blocked"' "$tmp/out"
ok $? "standard input"
# shellcheck disable=SC2002 # a pipe is the point
cat "$good" | "$program" - >"$tmp/out" 2>"$tmp/err"
ok $? "a pipe"
cat "$good" "$bad" | "$program" --format json - >"$tmp/out" 2>"$tmp/err"
[ $? -eq 1 ] && grep -q '"verdict": "blocked"' "$tmp/out" && [ ! -s "$tmp/err" ]
ok $? "several files through one pipe"
gzip -c "$good" >"$tmp/several.gz" && gzip -c "$bad" >>"$tmp/several.gz"
"$program" - <"$tmp/several.gz" >"$tmp/out" 2>"$tmp/err"
[ $? -eq 1 ] && [ ! -s "$tmp/err" ]
ok $? "compressed ones"
cat "$bad" captures/good-tls12.pcapng | "$program" - >"$tmp/out" 2>"$tmp/err"
[ $? -eq 2 ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -q 'a pcapng file begins' "$tmp/err" && grep -q blocked "$tmp/out"
ok $? "of two formats the first is read"

run "output file" 1 --format json -o "$tmp/report.json" "$bad"
grep -q '"schema": "oobescope-report/1"' "$tmp/report.json" && [ "$(find "$tmp" -name 'report.json*' | wc -l)" -eq 1 ]
ok $? "is whole and alone"
mkdir "$tmp/killed"
mkfifo "$tmp/pipe"
"$program" -o "$tmp/killed/report" - <"$tmp/pipe" 2>"$tmp/err" &
exec 3>"$tmp/pipe"
cat "$good" >&3 # more than a pipe holds: the program is reading, and waits for the rest
kill -TERM $!
wait $! 2>/dev/null
exec 3>&-
[ -z "$(ls "$tmp/killed")" ]
ok $? "a run that is ended leaves no file behind"
echo old >"$tmp/killed/report"
(cd "$tmp/killed" && "$program" -o report - <"$OLDPWD/$good") 2>"$tmp/err"
grep -q '^Verdict: clear' "$tmp/killed/report" && [ "$(ls "$tmp/killed")" = report ]
ok $? "an older report is replaced"
run "full disk" 2 -o /dev/full "$bad"
says "/dev/full: cannot write the output: No space left on device"
for command in services 'services match login.live.com' --help --version; do
    # shellcheck disable=SC2086 # options are a list
    "$program" $command >/dev/full 2>"$tmp/err"
    [ $? -eq 2 ]
    ok $? "full disk under $command"
    says "standard output: cannot write the output: No space"
done

run "two files, one deployment" 1 --format json "$good" "$bad"
[ "$(grep -c '"schema"' "$tmp/out")" -eq 1 ]
ok $? "one report"
prints "\"phase_file\": \"$good\""
prints "\"first_file\": \"$bad\""
run "two files, as text" 1 "$good" "$bad"
prints "frames: 84 to 94 of $bad, 3 times"
prints "reached apps (frame [0-9]* of $good)"
run "two files, each" 1 --each --format json "$good" "$bad"
[ "$(grep -c '"schema"' "$tmp/out")" -eq 2 ]
ok $? "two reports"
run "counters of each" 1 --each --stats "$good" "$bad"
[ "$(grep '^file' "$tmp/err")" = "file $good
file $bad" ]
ok $? "the counters name the file"
run "the worst of each" 2 --each "$tmp/missing.pcap" "$good"
prints '^Verdict: clear'

run "nothing matches the filter" 3 --filter 'udp port 9' "$good"
prints '^Verdict: inconclusive'
run "events" 1 --format eve "$bad"
prints '"event_type":"verdict"'
SOURCE_DATE_EPOCH=86400 "$program" --format json "$good" 2>"$tmp/err" | grep -q '"generated": "1970-01-02T'
ok $? "a fixed date"
for no_date in 99999999999999999 soon -5 ''; do
    SOURCE_DATE_EPOCH=$no_date "$program" --format json "$good" 2>"$tmp/err" |
        grep -q "\"generated\": \"$(date -u +%Y)-"
    ok $? "no date: '$no_date'"
done
run "the list" 0 services
prints '^ntp (conditional)'
run "match" 0 services match login.live.com
prints 'deployment-service'
run "no match" 1 services match www.example.org
prints 'no service'
for no_name in login.live.com:443 https://login.live.com/ '*.live.com' ''; do
    run "match of '$no_name'" 2 services match "$no_name"
    says "^oobescope: .*: is no host name"
done
run "check" 0 services check src/services/required.json
prints 'fine'
run "check of no list" 2 services check "$tmp/text"
says "$tmp/text"
run "unknown subcommand" 2 services erase
exit $((failed > 0))
