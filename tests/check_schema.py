#!/usr/bin/env python3
"""Every golden JSON report satisfies docs/report.schema.json, and the schema rejects what it should.

check_schema.py BUILD      prints TAP
"""
import copy
import glob
import json
import os
import sys

import jsonschema

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')


def main():
    with open(os.path.join(ROOT, 'docs', 'report.schema.json')) as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    number = failed = 0

    def result(ok, what):
        nonlocal number, failed
        number += 1
        failed += not ok
        print('%s %d %s' % ('ok' if ok else 'not ok', number, what))

    reports = sorted(glob.glob(os.path.join(ROOT, 'tests', 'golden', '*.json')))
    result(len(reports) > 0, 'there are golden reports')
    sample = None
    for path in reports:
        with open(path) as f:
            report = json.load(f)
        errors = list(validator.iter_errors(report))
        for e in errors[:5]:
            print('# %s: %s' % ('/'.join(map(str, e.path)), e.message))
        result(not errors, os.path.basename(path))
        beyond_doubt = [f['id'] for f in report['findings'] if not f.get('disproof')]
        result(not beyond_doubt, '%s: what would disprove each finding' % os.path.basename(path))
        if report['findings'] and report['causes']:
            sample = report
    if sample is None:
        result(False, 'a report with findings and causes')
        return 1
    for broken in spoiled(sample):
        result(not validator.is_valid(broken[1]), 'the schema rejects ' + broken[0])
    return 1 if failed else 0


def spoiled(report):
    """The report with one member wrong, each."""
    def change(what, edit):
        r = copy.deepcopy(report)
        edit(r)
        return what, r
    yield change('another schema number', lambda r: r.update(schema='oobescope-report/0'))
    yield change('an unknown verdict', lambda r: r.update(verdict='fine'))
    yield change('a finding without kind', lambda r: r['findings'][0].pop('kind'))
    yield change('an unknown severity', lambda r: r['findings'][0].update(severity='fatal'))
    yield change('an unknown status', lambda r: r['services'][0].update(status='up'))
    yield change('a cause without findings', lambda r: r['causes'][0].pop('explains'))
    yield change('no devices', lambda r: r.pop('devices'))


sys.exit(main())
