#!/usr/bin/env python3
"""What the report says of every sample capture in every forged form: tests/forge/EXPECT.

check_forge.py BUILD [RECIPE [SAMPLE]]      prints TAP; with a recipe or a sample only those

Ignored in comparisons, since a forgery moves them rightly: `generated` and `tool`; `capture` (file names,
counts of packets, bytes, duplicates, cut and undecoded ones, times); frame numbers and times of findings
and phases, frame numbers in texts (other packets stand before them, and each format has its own precision).
"""
import fnmatch
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
sys.path.insert(0, os.path.join(ROOT, 'tests', 'forge'))

import copies, faults, layouts, limits, wraps  # noqa: E401,E402,F401  register their recipes
import files  # noqa: E402
import frames  # noqa: E402
import headers  # noqa: E402
import recipes  # noqa: E402

WORKERS = 2
STATUS = {'clear': 0, 'blocked': 1, 'degraded': 1, 'inconclusive': 3}
IGNORED = {'generated', 'tool', 'capture', 'first_frame', 'last_frame', 'first', 'last', 'file',
           'phase_frame', 'reply_frame', 'last_file', 'phase_file', 'first_file', 'reply_file'}
# What else is ignored, by what must be the same.
SAME = {
    'same': set(),
    'same-but-mac': {'mac', 'addresses'},
    'same-but-addresses': {'mac', 'addresses', 'address', 'device', 'display_filter', 'proof'},
}
# Findings of what never came.
SILENT = {'dns-no-reply', 'dns-tcp-blocked', 'tcp-no-reply', 'tls-no-server-hello', 'tls-incomplete',
          'tls-stalled', 'http-no-response', 'ntp-no-reply', 'proxy-search-slow', 'eap-no-request', 'ipv6-broken',
          'dhcp-no-offer', 'dhcp-offer-unused', 'dhcp-no-ack'}
SURENESS = ['possible', 'likely', 'certain']
# Verdicts that a capture of which a part is missing may have, by the sample's.
MILDER = {
    'clear': {'clear', 'inconclusive'},
    'inconclusive': {'inconclusive'},
    'degraded': {'degraded', 'clear', 'inconclusive'},
    'blocked': {'blocked', 'degraded', 'clear', 'inconclusive'},
}


def worst(statuses):
    """The exit status of several reports."""
    return max(statuses, key=[0, 3, 1, 2].index)


def lines_of(path):
    with open(path) as f:
        for line in f:
            if line.strip() and not line.startswith('#'):
                yield line.rstrip('\n').split('\t')


def samples():
    """-> {name: (path, verdict by captures/EXPECT)}; recipes are for Ethernet"""
    found = {}
    for name, verdict, *_ in lines_of(os.path.join(ROOT, 'captures', 'EXPECT')):
        for ending in ('.pcap', '.pcapng'):
            path = os.path.join(ROOT, 'captures', name + ending)
            if os.path.exists(path) and frames.read(path).frames[0].link == frames.ETHERNET:
                found[name] = (path, verdict)
    return found


def expectations(names):
    """-> {name: {recipe: expectation}}"""
    table = {name: {} for name in names}
    for recipe, patterns, expected in lines_of(os.path.join(ROOT, 'tests', 'forge', 'EXPECT')):
        hits = {n for n in names for p in patterns.split(',') if fnmatch.fnmatchcase(n, p)}
        if not hits:
            raise SystemExit('tests/forge/EXPECT: no sample %s' % patterns)
        for name in hits:
            table[name][recipe] = expected
    return table


class Broken(Exception):
    """The program did not do its work."""


def run(program, paths):
    """-> exit status, reports, what was said on standard error"""
    done = subprocess.run([program, '--no-ndpi', '--each', '--format', 'json'] + paths,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    text = done.stdout.decode()
    decoder = json.JSONDecoder()
    reports, at = [], 0
    try:
        while at < len(text):
            report, at = decoder.raw_decode(text, at)
            at += len(text[at:]) - len(text[at:].lstrip())
            reports.append(report)
    except ValueError:
        pass  # it broke off
    return done.returncode, reports, done.stderr.decode()


def report_of(program, path):
    status, reports, said = run(program, [path])
    if len(reports) != 1:
        raise Broken('status %d: %s' % (status, said[:500]))
    if status != STATUS[reports[0]['verdict']]:
        raise Broken('status %d with verdict %s' % (status, reports[0]['verdict']))
    return reports[0]


def reports_of(program, paths):
    """-> a report for each, or a Broken. One process for all is much faster; where that went wrong, each
    file is tried alone."""
    status, reports, _ = run(program, paths)
    if len(reports) == len(paths) and status == worst(STATUS[r['verdict']] for r in reports):
        return reports
    results = []
    for path in paths:
        try:
            results.append(report_of(program, path))
        except Broken as e:
            results.append(e)
    return results


# ---- comparing ----

def plain(value, ignored):
    """The report without what is ignored."""
    if isinstance(value, dict):
        return {k: plain(v, ignored) for k, v in value.items() if k not in ignored}
    if isinstance(value, list):
        return [plain(v, ignored) for v in value]
    if isinstance(value, str):
        return re.sub(r'\bframe \d+', 'frame', value)
    return value


def differences(want, got, where=''):
    if isinstance(want, dict) and isinstance(got, dict):
        for key in list(want) + [k for k in got if k not in want]:
            yield from differences(want.get(key), got.get(key), '%s.%s' % (where, key))
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, (a, b) in enumerate(zip(want, got)):
            yield from differences(a, b, '%s[%d]' % (where, i))
    elif want != got:
        yield '%s: want %s, got %s' % (where.lstrip('.'), short(want), short(got))


def short(value):
    text = json.dumps(value)
    return text if len(text) < 160 else text[:160] + '...'


def subject(finding, devices):
    """What a finding is about. A device that the sample does not know (NAT) is any."""
    device = finding.get('device')
    return finding['kind'], device if device in devices else None, finding.get('host')


def described(finding):
    return '%s %s of %s' % (finding['severity'], finding['kind'],
                            finding.get('host') or finding.get('device') or 'the capture')


def accusations(original, report, good):
    """Findings that nothing justifies."""
    devices = {d['address'] for d in original['devices']}
    errors = [f for f in original['findings'] if f['severity'] == 'error']
    known = {subject(f, devices) for f in errors} | {subject(f, ()) for f in errors}
    for f in report['findings']:
        if f['severity'] == 'error' and subject(f, devices) not in known:
            yield 'new: ' + described(f)
        elif f['severity'] != 'info' and good:
            yield 'of a good deployment: ' + described(f)


def oversure(original, report):
    """Findings of silence that are as sure as in the sample, and others that are not."""
    before = {subject(f, ()): f for f in original['findings']}
    for f in report['findings']:
        if subject(f, ()) not in before:
            continue
        was, now = (SURENESS.index(x['confidence']) for x in (before[subject(f, ())], f))
        hole = any(' lacks ' in p and ' before it' in p for p in f['proof'])
        want = max(was - 1, 0) if f['kind'] in SILENT and not hole else was
        if now != want:
            yield '%s is %s, not %s' % (described(f), f['confidence'], SURENESS[want])


def guesses(report):
    """A clear verdict that does not tell of a required service of which nothing was seen to work."""
    unsure = [s['id'] for s in report['services']
              if s['need'] == 'required' and s['status'] == 'inconclusive']
    told = any('does not show whether' in reason for reason in report['reasons'])
    if report['verdict'] == 'clear' and unsure and not told:
        yield 'clear, though nothing is known of ' + ', '.join(unsure)


def found(report, expected):
    """What differs from "finds key=value..."."""
    wanted = dict(pair.split('=', 1) for pair in expected.split()[1:])
    if report['verdict'] != wanted.pop('verdict'):
        yield 'verdict %s' % report['verdict']
    first = [c['kind'] for c in report['causes'][:1]]
    cause = wanted.pop('cause', None)
    if cause and first != [cause]:
        yield 'first cause %s, not %s' % (first, cause)
    findings = [f for f in report['findings'] if f['severity'] != 'info']
    if not findings:
        yield 'no finding'
    for f in findings:
        for key, value in wanted.items():
            if str(f.get(key)) not in value.split('|'):
                yield '%s: %s is %s, not %s' % (described(f), key, f.get(key), value)


def judge(original, report, expected, good):
    """-> what is wrong, as lines"""
    if expected.startswith('finds '):
        return list(found(report, expected))
    wrong = list(accusations(original, report, good))
    if expected in SAME:
        ignored = IGNORED | SAME[expected]
        wrong += list(differences(plain(original, ignored), plain(report, ignored)))[:6]
    elif expected == 'inconclusive' and report['verdict'] != 'inconclusive':
        wrong.append('verdict %s, not inconclusive' % report['verdict'])
    elif expected in ('no-worse', 'less-sure'):
        wrong += guesses(report)
        if expected == 'less-sure':
            wrong += oversure(original, report)
        if report['verdict'] not in MILDER[original['verdict']]:
            wrong.append('verdict %s of one that is %s' % (report['verdict'], original['verdict']))
    return wrong


# ---- doing it ----

def unsound(capture):
    """The numbers of frames whose checksums do not hold."""
    packets = [(i, headers.parse(f)) for i, f in enumerate(capture.frames, 1)
               if f.link == frames.ETHERNET]
    return [i for i, p in packets if p is not None and headers.sums_are_right(p) is False]


def skipped(recipe):
    """The program that a recipe lacks here."""
    return next((p for p in files.PACKERS if p in recipe.split('+') and not files.can_pack(p)), None)


def forge(capture, recipes_wanted, folder):
    """Writes one file a recipe. -> their paths"""
    paths = []
    for number, recipe in enumerate(recipes_wanted):
        paths.append(os.path.join(folder, '%d.forged' % number))
        files.write(paths[-1], recipes.apply(capture, recipe))
    return paths


def try_sample(job):
    """-> [(what, wrong lines)]"""
    program, name, path, good, table = job
    capture = frames.read(path)
    original = report_of(program, path)
    results = [('%s %s # SKIP no %s' % (name, r, skipped(r)), []) for r in table if skipped(r)]
    wanted = [r for r in table if not skipped(r)]
    with tempfile.TemporaryDirectory() as folder:
        reports = reports_of(program, forge(capture, wanted, folder))
    for recipe, report in zip(wanted, reports):
        wrong = [str(report)] if isinstance(report, Broken) else judge(original, report,
                                                                       table[recipe], good)
        if name in PROVED and unsound(recipes.apply(capture, recipe)):
            wrong.append('the forged frames have wrong checksums')
        results.append(('%s %s' % (name, recipe), wrong))
    return results


PROVED = {'good-tls13', 'good-ipv6'}  # the forger's own work is checked on these
GOOD_BUT_CUT = {'capture-one-way', 'capture-truncated'}


def main():
    program = os.path.abspath(os.path.join(sys.argv[1], 'oobescope'))
    only_recipe, only_sample = (sys.argv[2:] + ['*', '*'])[:2]
    known = samples()
    table = expectations(known)
    number = failed = 0
    with multiprocessing.Pool(WORKERS) as pool:
        jobs = [(program, name, path, verdict == 'clear' or name in GOOD_BUT_CUT,
                 {r: e for r, e in table[name].items() if fnmatch.fnmatchcase(r, only_recipe)})
                for name, (path, verdict) in known.items() if fnmatch.fnmatchcase(name, only_sample)]
        for results in pool.imap(try_sample, jobs):
            for what, wrong in results:
                number += 1
                failed += bool(wrong)
                print('%s %d %s' % ('not ok' if wrong else 'ok', number, what))
                for line in wrong:
                    print('# ' + line.replace('\n', '\n# '))
    if number == 0:
        print('not ok 1 nothing to try')
    return 1 if failed or number == 0 else 0


if __name__ == '__main__':
    sys.exit(main())
