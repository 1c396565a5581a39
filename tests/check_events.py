#!/usr/bin/env python3
"""Assertions over the events of sample captures.

check_events.py BUILD      prints TAP

tests/events/*.json is a list of {"capture", "count" or "min", "match": {"a.b": value}}: so many events
of the capture have all these members. A value of null means: the member is absent.
"""
import glob
import json
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')


def member(event, path):
    for key in path.split('.'):
        if isinstance(event, list):
            event = event[int(key)] if int(key) < len(event) else None
        else:
            event = event.get(key) if isinstance(event, dict) else None
    return event


def events_of(program, capture):
    run = subprocess.run([program, '--format', 'eve', os.path.join(ROOT, capture)],
                         stdout=subprocess.PIPE, check=False)
    if run.returncode not in (0, 1, 3):
        raise SystemExit('%s: status %d' % (capture, run.returncode))
    return [json.loads(line) for line in run.stdout.splitlines()]


def main():
    program = os.path.join(sys.argv[1], 'oobescope')
    number = failed = 0
    cache = {}
    for path in sorted(glob.glob(os.path.join(ROOT, 'tests', 'events', '*.json'))):
        with open(path) as f:
            checks = json.load(f)
        for check in checks:
            capture = check['capture']
            if capture not in cache:
                cache[capture] = events_of(program, capture)
            hits = sum(all(member(e, k) == v for k, v in check['match'].items())
                       for e in cache[capture])
            ok = hits == check['count'] if 'count' in check else hits >= check['min']
            number += 1
            failed += not ok
            print('%s %d %s %s%s' % ('ok' if ok else 'not ok', number, capture,
                                     json.dumps(check['match']), '' if ok else ' # met %d' % hits))
    if number == 0:
        print('not ok 1 no event assertions')
    return 1 if failed or number == 0 else 0


sys.exit(main())
