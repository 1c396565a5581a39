#!/usr/bin/env python3
"""The sample captures give the verdicts that captures/EXPECT promises, written from the scenarios.

check_expect.py BUILD      prints TAP
"""
import json
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
STATUS = {'clear': 0, 'blocked': 1, 'degraded': 1, 'inconclusive': 3}


def items(text):
    """-> (must be there, may be there); None where nothing is checked"""
    if text == '*':
        return None
    entries = [t for t in text.split(',') if t not in ('', '-')]
    return ({t for t in entries if not t.endswith('?')},
            {t.rstrip('?') for t in entries if t.endswith('?')})


def fits(want, got):
    must, may = want
    return must <= got <= must | may


def report_of(program, name):
    for ending in ('.pcap', '.pcapng'):
        path = os.path.join(ROOT, 'captures', name + ending)
        if os.path.exists(path):
            run = subprocess.run([program, '--format', 'json', path], stdout=subprocess.PIPE,
                                 check=False)
            return run.returncode, json.loads(run.stdout)
    raise SystemExit('captures/%s: no such capture' % name)


def differences(status, report, fields):
    verdict, devices, failed, degraded, kinds = fields
    wrong = []
    for what, want, got in (('status', STATUS[verdict], status),
                            ('verdict', verdict, report['verdict']),
                            ('devices', int(devices), len(report['devices']))):
        if want != got:
            wrong.append('%s: want %s, got %s' % (what, want, got))
    services = report['services']
    for what, want, got in (
            ('failed', failed, {s['id'] for s in services if s['status'] == 'failed'}),
            ('degraded', degraded, {s['id'] for s in services if s['status'] == 'degraded'}),
            ('kinds', kinds, {f['kind'] for f in report['findings'] if f['severity'] != 'info'})):
        if items(want) is not None and not fits(items(want), got):
            wrong.append('%s: want %s, got %s' % (what, want, ','.join(sorted(got)) or '-'))
    return wrong


def main():
    program = os.path.join(sys.argv[1], 'oobescope')
    number = failed = 0
    with open(os.path.join(ROOT, 'captures', 'EXPECT')) as f:
        lines = [line.rstrip('\n') for line in f]
    for line in lines:
        if not line or line.startswith('#'):
            continue
        name, *fields = line.split('\t')
        fields += [''] * (5 - len(fields))
        wrong = differences(*report_of(program, name), fields[:5])
        number += 1
        failed += bool(wrong)
        print('%s %d %s' % ('not ok' if wrong else 'ok', number, name))
        for w in wrong:
            print('# ' + w)
    if number == 0:
        print('not ok 1 captures/EXPECT is empty')
    return 1 if failed or number == 0 else 0


sys.exit(main())
