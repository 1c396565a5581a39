#!/usr/bin/env python3
"""Nine deployments on six devices, watched live and recorded at once: the reports must be the same.

SPDX-License-Identifier: MIT

check_live.py PROGRAM      prints TAP; needs root (network namespaces)

The servers, the devices and the network between them are those of captures/lab. A good deployment and
five failing ones run at once on six devices; then three of the devices run a failing one each. While
tcpdump records it, `oobescope live` watches the same interface. Its reports must equal those that
`oobescope analyze` gives of what tcpdump recorded, finding by finding, and the packets that it writes
of a failed deployment must be those of the recording, and show the same.
"""
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'captures' / 'lab'))
sys.dont_write_bytecode = True

import lab  # noqa: E402
import scenarios as sc  # noqa: E402
import servers  # noqa: E402
from pki import Pki  # noqa: E402

TIMEOUT = 12        # --device-timeout; longer than any device waits for an answer
SAME_SECONDS = 0.002  # the two programs take their own time stamps
PLAIN = sc.without(sc.run(), sc.CRL, sc.CS)
FRAME_MAX = 1514
NEAR = 2            # places by which packets may be in another order
INTUNE = '198.18.40.50'

FIRST = [
    PLAIN + sc.REST[1:3],                                # good
    sc.without(sc.run(2), sc.CRL, sc.CS),                # RST after the ClientHello
    PLAIN,                                               # SYN dropped
    PLAIN,                                               # no NTP
    sc.without(sc.run(2), sc.CRL, sc.CS),                # ICMP says prohibited
    PLAIN,                                               # ClientHello swallowed
]
SECOND = {
    0: (PLAIN, {'clock': -3 * 86400 - 4711}),            # wrong clock
    1: (sc.without(sc.run(), sc.ZTD, sc.CS), {}),        # CRL answers 503
    2: (sc.without(sc.run(), sc.CRL, sc.ENROLLMENT), {}),  # NXDOMAIN
}
KINDS = [set(), {'tls-reset'}, {'tcp-no-reply'}, {'ntp-no-reply'}, {'tcp-unreachable'},
         {'tls-no-server-hello'}, {'clock-skew'}, {'http-error'}, {'dns-nxdomain'}]
RULES = [
    dict(sc.sni('reset', sc.ZTD), src='10.20.0.32'),
    {'do': 'drop', 'proto': 'tcp', 'dst': INTUNE, 'src': '10.20.0.33'},
    {'do': 'drop', 'proto': 'udp', 'port': 123, 'src': '10.20.0.34'},
    {'do': 'icmp', 'proto': 'tcp', 'dst': INTUNE, 'port': 443, 'src': '10.20.0.35'},
    dict(sc.sni('blackhole', sc.LOGIN), src='10.20.0.36'),
]


class Tap:
    """Test Anything Protocol."""

    def __init__(self):
        self.number = self.failed = 0

    def check(self, good, name, why=''):
        self.number += 1
        self.failed += not good
        print('%s %d - %s' % ('ok' if good else 'not ok', self.number, name), flush=True)
        for line in str(why).splitlines() if not good else []:
            print('# ' + line, flush=True)


# ---- the lab, with a sensor beside the recorder -------------------------------------------------


class LiveRoom(lab.Room):
    def sensor(self, program, *options):
        command = [program, 'live', '-i', 'fw0', *options]
        process = self.spawn(self.middle, command, 'live.log')
        time.sleep(1.5)
        if process.poll() is not None:
            raise RuntimeError((self.folder / 'live.log').read_text())
        return process

    def start_servers(self):
        def spawn(command):
            log = f'{len(self.processes)}-{Path(command[0]).name}.log'
            return self.spawn(self.inside, command, log)

        servers.Farm(self.folder, self.scenario.servers, self.pki, servers.load_hosts(),
                     spawn).start()
        self.forward()
        time.sleep(3)

    def act(self, plans):
        """Runs {device number: (steps, options)} at once, to their end."""
        running = []
        for number, (steps, options) in plans.items():
            device = self.scenario.devices[number]
            device.steps, device.options = steps, options
            command = [sys.executable, str(lab.HERE / 'device.py'),
                       str(self.plan(number, device))]
            running.append(self.spawn(self.clients[number], command, f'device{number}.log'))
        for process in running:
            if process.wait(lab.LIMIT) != 0:
                raise RuntimeError('a device failed')


def devices():
    return [sc.Device([], ipv4=f'10.20.0.{31 + i}', mac=f'00:15:5d:0a:14:{0x1f + i:02x}')
            for i in range(6)]


def wait_for_reports(folder, count, limit):
    for _ in range(limit * 5):
        found = sorted(folder.glob('*.json'))
        if len(found) >= count:
            break
        time.sleep(0.2)
    return sorted(folder.glob('*.json'))


def act_and_watch(room, program, folder):
    """-> (recording, reports of the first and of the second round, moment between them)"""
    recording = folder / 'recorded.pcap'
    reports = folder / 'reports'
    room.build()
    room.start_servers()
    recorder = room.record(recording)
    sensor = room.sensor(program, '--reports', str(reports), '--eve', str(folder / 'eve.json'),
                         '--evidence', str(folder / 'evidence'),
                         '--device-timeout', str(TIMEOUT), '--exit-after', '9')
    room.act({i: (steps, {}) for i, steps in enumerate(FIRST)})
    first = wait_for_reports(reports, 6, TIMEOUT + 10)
    between = time.time()
    room.act(SECOND)
    both = wait_for_reports(reports, 9, TIMEOUT + 10)
    status = sensor.wait(10)
    recorder.send_signal(signal.SIGINT)
    recorder.wait(10)
    return recording, first, [r for r in both if r not in first], between, status


# ---- comparing ----------------------------------------------------------------------------------


def cut_recording(path, moment):
    """The recording in two files, and how many frames the first one has."""
    data = path.read_bytes()
    halves, counts, at = [data[:24], data[:24]], [0, 0], 24
    while at < len(data):
        seconds, micros, length = struct.unpack('<III', data[at:at + 12])
        later = seconds + micros / 1e6 >= moment
        halves[later] += data[at:at + 16 + length]
        counts[later] += 1
        at += 16 + length
    names = [path.with_name(f'round{i}.pcap') for i in (1, 2)]
    for name, half in zip(names, halves):
        name.write_bytes(half)
    return names, counts


def analyze(program, path):
    run = subprocess.run([program, '--format', 'json', str(path)], stdout=subprocess.PIPE,
                         check=False)
    return json.loads(run.stdout)


def seconds(text):
    clock, fraction = re.match(r'(.*T.*)\.(\d+)Z', text).groups()
    return time.mktime(time.strptime(clock, '%Y-%m-%dT%H:%M:%S')) + int(fraction) / 1e6


def differences(live, recorded, offset):
    """Of two findings, but for numbers that say where in the capture they are."""
    wrong = []
    for key in sorted(set(live) | set(recorded)):
        one, two = live.get(key), recorded.get(key)
        if key in ('first', 'last'):
            same = abs(seconds(one) - seconds(two)) < SAME_SECONDS
        elif key in ('first_frame', 'last_frame'):
            same = one - offset == two
        elif key == 'proof':  # has frame numbers of the capture, and durations
            same = len(one) == len(two)
        else:
            same = key == 'id' or one == two
        if not same:
            wrong.append(f'{key}: live {one}, recorded {two}')
    return wrong


def findings_of(report, device):
    mine = [f for f in report['findings'] if f['id'] in device['findings']]
    return sorted(mine, key=lambda f: (f['kind'], f.get('host', ''), f['count'], f.get('port', 0)))


def compare(live, recorded, offset):
    wrong = []
    device = live['devices'][0]
    twin = [d for d in recorded['devices'] if d['address'] == device['address']]
    if len(live['devices']) != 1 or len(twin) != 1:
        return ['devices: live %d, recorded %d' % (len(live['devices']), len(twin))]
    for key in ('verdict', 'addresses', 'mac', 'services', 'phase', 'stopped_at', 'not_tested'):
        if device.get(key) != twin[0].get(key):
            wrong.append(f'{key}: live {device.get(key)}, recorded {twin[0].get(key)}')
    one, two = findings_of(live, device), findings_of(recorded, twin[0])
    if len(one) != len(two):
        wrong.append('findings: live %s, recorded %s' % ([f['kind'] for f in one],
                                                         [f['kind'] for f in two]))
    for a, b in zip(one, two):
        wrong += [f"{a['kind']} {a.get('host', '')}: {w}" for w in differences(a, b, offset)]
    causes = {c['id']: c['kind'] for c in recorded['causes']}
    if sorted(c['kind'] for c in live['causes']) != sorted(causes[i] for i in twin[0]['causes']):
        wrong.append('causes: live %s, recorded %s' % (live['causes'], recorded['causes']))
    return wrong


def transactions(lines):
    """Of events, what does not depend on when they were seen."""
    found = []
    for line in lines:
        event = json.loads(line)
        kind = event['event_type']
        if kind in ('dns', 'tls', 'http', 'ntp'):
            what = event[kind]
            found.append((kind, event['src_ip'], event['src_port'], event['dest_ip'],
                          event['dest_port'], what.get('rrname'), what.get('rrtype'),
                          what.get('sni'), what.get('url'), what.get('id'), what['outcome'],
                          event['device'], event.get('service')))
    return Counter(found)


def blocks(data):
    """Of a pcapng file in this machine's byte order: type and body."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack('=II', data[at:at + 8])
        yield kind, data[at + 8:at + length - 4]
        at += length


def options(data):
    while data:
        code, length = struct.unpack('=HH', data[:4])
        yield code, data[4:4 + length]
        data = data[4 + (length + 3) // 4 * 4:]


def evidence_packets(path):
    """-> {frame number in the report: (bytes, comments)}"""
    found = {}
    for kind, body in blocks(path.read_bytes()):
        if kind == 6:
            length = struct.unpack('=I', body[12:16])[0]
            told = list(options(body[20 + (length + 3) // 4 * 4:]))
            number = struct.unpack('=Q', dict(told)[5])[0]
            found[number] = body[20:20 + length], [v.decode() for c, v in told if c == 1]
    return found


def recorded_frames(path):
    data, at, found = path.read_bytes(), 24, [None]
    while at < len(data):
        length = struct.unpack('<I', data[at + 8:at + 12])[0]
        found.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return found


def evidence_faults(program, live, path, frames):
    """What is wrong with the evidence of a report."""
    packets = evidence_packets(path)
    # Packets that come by two processors at once may be in another order for another listener.
    wrong = [f'frame {n} is another one' for n, (data, _) in packets.items()
             if data not in frames[max(1, n - NEAR):n + NEAR + 1]]
    for f in live['findings']:
        for n in {f['first_frame'], f['last_frame']}:
            name = f"finding {f['id']} ({f['severity']}): {f['kind']} {f.get('host', '')}"
            if not any(c.startswith(name) for c in packets.get(n, (b'', []))[1]):
                wrong.append(f'frame {n} has no comment "{name}"')
    commented = [n for n, (_, comments) in packets.items() if comments]
    named = {n for f in live['findings'] for n in (f['first_frame'], f['last_frame'])}
    wrong += [f'frame {n} is nothing that a finding names' for n in commented if n not in named]
    twin = analyze(program, path)
    kinds = [sorted((f['kind'], f.get('host', ''), f['severity']) for f in r['findings'])
             for r in (live, twin)]
    if kinds[0] != kinds[1] or live['verdict'] != twin['verdict']:
        wrong.append(f'analyzed again: {kinds[1]}, not {kinds[0]}')
    if shutil.which('tshark'):
        shown = subprocess.run(['tshark', '-nr', str(path), '-Y', 'frame.comment', '-T', 'fields',
                                '-e', 'frame.packet_id', '-e', 'frame.interface_name'],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               check=False).stdout.split()
        if shown != [word for n in sorted(commented) for word in (str(n), 'fw0')]:
            wrong.append(f'tshark shows {shown}')
    return wrong


def check_evidence(tap, program, folder, recording, reports):
    frames = recorded_frames(recording)
    expected = set()
    for report in reports:
        live = json.loads(report.read_text())
        if all(f['severity'] == 'info' for f in live['findings']):
            continue
        path = folder / 'evidence' / report.with_suffix('.pcapng').name
        expected.add(path)
        there = path.is_file()
        wrong = evidence_faults(program, live, path, frames) if there else ['no file']
        tap.check(not wrong, 'evidence of %s' % live['devices'][0]['address'], '\n'.join(wrong))
    there = set((folder / 'evidence').iterdir())
    tap.check(there == expected and len(there) == 8, 'evidence of what failed, and of no other',
              there)


def check_equality(tap, program, folder, result):
    recording, first, second, between, status = result
    tap.check(len(first) == 6 and len(second) == 3, 'nine reports',
              f'{len(first)} and {len(second)}')
    tap.check(status == 1, 'exit status of blocked deployments', status)
    halves, counts = cut_recording(recording, between)
    offset = 0
    seen = []
    for half, paths, count in zip(halves, (first, second), counts):
        recorded = analyze(program, half)
        for path in paths:
            live = json.loads(path.read_text())
            wrong = compare(live, recorded, offset)
            tap.check(not wrong, 'report of %s' % live['devices'][0]['address'], '\n'.join(wrong))
            kinds = {f['kind'] for f in live['findings'] if f['severity'] != 'info'}
            seen.append((live['devices'][0]['address'], kinds))
            tap.check(path.with_suffix('.txt').read_text().startswith('Verdict: '),
                      'text report beside it')
        offset += count
    seen = [k for _, k in sorted(seen[:6])] + [k for _, k in sorted(seen[6:])]
    tap.check(seen == KINDS, 'each device failed as the network made it', seen)
    events = subprocess.run([program, '--format', 'eve', str(recording)], stdout=subprocess.PIPE,
                            check=False).stdout.splitlines()
    one = transactions((folder / 'eve.json').read_bytes().splitlines())
    two = transactions(events)
    # A greeting that is repeated once more after its deployment has ended is told once more.
    late = [t for t in one - two if t[0] == 'tls' and t[10] in ('pending', 'no-server-hello')]
    odd = [t for t in one - two if t not in late] + list(two - one)
    check_evidence(tap, program, folder, recording, first + second)
    tap.check(len(late) <= 1 and not odd and sum(two.values()) > 100,
              'the same transactions, %d' % sum(two.values()), '\n'.join(map(str, odd[:20])))


# ---- signals, a link that goes down, rights -----------------------------------------------------


class Wire:
    """Two namespaces and a cable between them: frames sent at one end pass the sensor at the other."""

    def __init__(self):
        self.names = [f'oobelive{os.getpid()}{end}' for end in 'ab']
        for name in self.names:
            subprocess.run(['ip', 'netns', 'add', name], check=True)
            subprocess.run(['ip', 'netns', 'exec', name, 'sysctl', '-qw',
                            'net.ipv6.conf.default.disable_ipv6=1'], check=True)
        self.ip(0, 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb', 'netns',
                self.names[1])
        self.ip(0, 'link', 'set', 'va', 'up')
        self.ip(1, 'link', 'set', 'vb', 'up')

    def ip(self, end, *words):
        subprocess.run(['ip', '-n', self.names[end], *words], check=True)

    def send(self, *captures):
        command = ['ip', 'netns', 'exec', self.names[0], sys.executable, __file__, '--send', 'va',
                   *map(str, captures)]
        subprocess.run(command, check=True)

    def watch(self, program, *options, **more):
        command = ['ip', 'netns', 'exec', self.names[1], program, 'live', '-i', 'vb',
                   *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, **more)
        time.sleep(1)
        return process

    def close(self):
        for name in self.names:
            subprocess.run(['ip', 'netns', 'del', name], check=False)


def send(interface, *paths):
    import socket
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((interface, 0))
    for path in paths:
        data, at = Path(path).read_bytes(), 24
        while at < len(data):
            length = struct.unpack('<I', data[at + 8:at + 12])[0]
            if length <= FRAME_MAX:  # segments put together by a card do not fit
                sock.send(data[at + 16:at + 16 + length])
            at += 16 + length
            time.sleep(0.0005)


def status_of(pid):
    lines = Path(f'/proc/{pid}/status').read_text().splitlines()
    return {k: v.split() for k, v in (line.split(':', 1) for line in lines)}


def check_rights(tap, process):
    status = status_of(process.pid)
    none = all(int(status[c][0], 16) == 0 for c in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb',
                                                    'CapBnd'))
    tap.check(none and set(status['Uid']) == {'65534'} and not status['Groups'],
              'an unprivileged user without capabilities', status)
    tap.check(status['NoNewPrivs'] == ['1'] and status['Seccomp'] == ['2'],
              'no new privileges, system calls filtered', status)


def check_signals(tap, program, folder):
    wire = Wire()
    captures = ROOT / 'captures'
    eve, reports = folder / 'signals.json', folder / 'signals'
    try:
        sensor = wire.watch(program, '--eve', str(eve), '--reports', str(reports))
        check_rights(tap, sensor)
        wire.send(captures / 'two-devices-one-failing.pcap')
        time.sleep(1)
        eve.rename(folder / 'signals.json.1')
        sensor.send_signal(signal.SIGHUP)
        sensor.send_signal(signal.SIGUSR1)
        time.sleep(0.5)
        tap.check(eve.exists(), 'SIGHUP: the event file is made anew')
        wire.ip(1, 'link', 'set', 'vb', 'down')
        time.sleep(1.5)
        wire.ip(1, 'link', 'set', 'vb', 'up')
        time.sleep(0.5)
        tap.check(sensor.poll() is None, 'the interface went down: still there')
        wire.send(captures / 'captive-portal.pcap')
        time.sleep(1)
        sensor.send_signal(signal.SIGTERM)
        output = sensor.communicate(timeout=10)[0]
        lines = [json.loads(x) for x in eve.read_text().splitlines()]
        before = [json.loads(x) for x in (folder / 'signals.json.1').read_text().splitlines()]
    finally:
        wire.close()
    tap.check('state: 2 devices, 2 deployments begun, 0 ended' in output, 'SIGUSR1: the state',
              output)
    tap.check(any(x['event_type'] == 'http' for x in lines) and before,
              'events after the interface came up again', output)
    tap.check(len(list(reports.glob('*.json'))) == 2 and sensor.returncode == 1,
              'SIGTERM: the last reports', output)
    verdicts = [x['verdict']['verdict'] for x in lines if x['event_type'] == 'verdict']
    tap.check(sorted(verdicts) == ['blocked', 'blocked'], 'SIGTERM: the last verdicts', verdicts)


def stopped_after(program, captures, *options, pause=0):
    """-> the status of a sensor that saw the captures and was stopped then, and what it said"""
    wire = Wire()
    try:
        sensor = wire.watch(program, *options)
        wire.send(*captures)
        time.sleep(pause)
        sensor.send_signal(signal.SIGTERM)
        output = sensor.communicate(timeout=20)[0]
    finally:
        wire.close()
    return sensor.returncode, output


def check_last_question(tap, program, folder):
    """The sensor stops before the only question of a device is overdue: a deployment all the same."""
    reports = folder / 'question'
    question = folder / 'question.pcap'
    data = (ROOT / 'captures' / 'dns-nxdomain.pcap').read_bytes()
    at = 24
    while b'\x09microsoft' not in data[at:at + 150]:
        at += 16 + struct.unpack('<I', data[at + 8:at + 12])[0]
    length = struct.unpack('<I', data[at + 8:at + 12])[0]
    question.write_bytes(data[:24] + data[at:at + 16 + length])
    _, output = stopped_after(program, [question], '--reports', str(reports), pause=0.5)
    tap.check('1 deployments begun, 1 ended, 0 of servers' in output and len(list(reports.glob('*.json'))) == 1,
              'the last question of a device that asked once', output)


def is_ethernet(path):
    head = path.read_bytes()[:24]
    return head[:4] == b'\xd4\xc3\xb2\xa1' and head[20:] == b'\x01\0\0\0'


def check_samples(tap, program):
    """Whatever the samples hold, and whatever libraries look up for it: no call that is forbidden."""
    found = [p for p in sorted((ROOT / 'captures').glob('*.pcap')) if is_ethernet(p)]
    status, output = stopped_after(program, found)
    tap.check(len(found) > 50 and status == 1 and 'state: 0 devices' in output,
              'all %d samples on one wire' % len(found), '%d %s' % (status, output))


def silence_with(program, folder, flood):
    """-> the report of a device whose SYNs nothing answers, and what was said, while the sensor slept through
    `flood`"""
    wire = Wire()
    reports = folder / ('flooded' if flood else 'quiet')
    try:
        sensor = wire.watch(program, '--buffer', '1', '--reports', str(reports))
        wire.send(ROOT / 'captures' / 'tcp-syn-dropped.pcap')
        time.sleep(0.5)
        sensor.send_signal(signal.SIGSTOP)
        wire.send(*flood)
        sensor.send_signal(signal.SIGCONT)
        time.sleep(8)  # as long as an answer may take
        sensor.send_signal(signal.SIGUSR1)
        time.sleep(0.5)
        sensor.send_signal(signal.SIGTERM)
        output = sensor.communicate(timeout=20)[0]
    finally:
        wire.close()
    return [json.loads(p.read_text()) for p in sorted(reports.glob('*10.20.0.31*.json'))], output


def check_drops(tap, program, folder):
    """Drops are counted, told, and make what is said of silence less sure."""
    large = max((ROOT / 'captures').glob('*.pcap'), key=lambda p: p.stat().st_size)
    flooded, output = silence_with(program, folder, [large] * (4000000 // large.stat().st_size + 1))
    quiet, running = silence_with(program, folder, [])
    quiet, flooded = ([(f['kind'], f['confidence']) for r in reports for f in r['findings']]
                      for reports in (quiet, flooded))
    tap.check(re.search(r'dropped by the kernel [1-9]', output), 'drops: counted', output)
    tap.check(re.search(r' 10\.20\.0\.31 \S+: running, blocked', running),
              'a connection that nobody answers is judged before it ends', running)
    tap.check(('tcp-no-reply', 'likely') in quiet and 'capture-gaps' not in dict(quiet),
              'drops: none, and as sure as ever', quiet)
    tap.check(('tcp-no-reply', 'possible') in flooded and 'capture-gaps' in dict(flooded),
              'drops: what is said of silence is less sure', flooded)


def check_move(tap, program, folder):
    """A device that gets another address in mid-run is one deployment."""
    capture = ROOT / 'captures' / 'vlan-change.pcap'
    reports = folder / 'moved'
    _, output = stopped_after(program, [capture], '--reports', str(reports), pause=1)
    live = [json.loads(p.read_text())['devices'] for p in reports.glob('*.json')]
    recorded = analyze(program, capture)['devices']
    tap.check(len(recorded) == 1 and len(recorded[0]['addresses']) > 1 and
              [[d['addresses'] for d in r] for r in live] == [[recorded[0]['addresses']]],
              'a device that moved is one', f'{live} {recorded} {output}')


def check_rest(tap, program):
    """What waits in the kernel's ring when the sensor is stopped is read; several batches of it."""
    wire = Wire()
    capture = ROOT / 'captures' / 'download-cut.pcap'
    copies = 20
    frames = copies * analyze(program, capture)['capture']['packets']
    try:
        sensor = wire.watch(program)
        sensor.send_signal(signal.SIGSTOP)
        wire.send(*[capture] * copies)
        sensor.send_signal(signal.SIGTERM)
        sensor.send_signal(signal.SIGCONT)
        output = sensor.communicate(timeout=20)[0]
    finally:
        wire.close()
    read = re.search(r'state: .* packets (\d+), .* by the kernel 0', output)
    tap.check(read and int(read[1]) >= frames > 8192, 'SIGTERM: the ring is read to its end',
              f'{frames} {output}')


HTTP = 9180
SAMPLE = re.compile(r'([a-z_]+)(\{[a-z]+="[^"\\\n]*"\})? [0-9.]+')


def ask(wire, path):
    """-> status and body, of the sensor at the end of the wire"""
    command = ['ip', 'netns', 'exec', wire.names[1], sys.executable, __file__, '--get',
               f'http://127.0.0.1:{HTTP}{path}']
    status, body = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                                  check=True).stdout.split('\n', 1)
    return int(status), body


def get(url):
    import urllib.error
    import urllib.request
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            print('%d\n%s' % (answer.status, answer.read().decode()), end='')
    except urllib.error.HTTPError as error:
        print('%d\n%s' % (error.code, error.read().decode()), end='')


def samples(text):
    """Metrics as {name and label: value}; None when a line is no sample."""
    lines = [x for x in text.splitlines() if not x.startswith('# ')]
    if not all(SAMPLE.fullmatch(x) for x in lines):
        return None
    return {k: float(v) for k, v in (x.rsplit(' ', 1) for x in lines)}


def check_devices(tap, wire, recorded):
    """The report as it stands must be that of the same packets in a file."""
    listed = json.loads(ask(wire, '/api/devices')[1])['devices']
    want = {d['address']: d['verdict'] for d in recorded['devices']}
    tap.check({d['address']: d['verdict'] for d in listed} == want and
              all(d['state'] == 'running' for d in listed), 'HTTP: the devices', listed)
    for device in listed:
        one = json.loads(ask(wire, '/api/devices/%d' % device['id'])[1])
        twin = [d for d in recorded['devices'] if d['address'] == device['address']][0]
        kinds = [sorted(f['kind'] for f in findings_of(r, d))
                 for r, d in ((one['report'], one['report']['devices'][0]), (recorded, twin))]
        tap.check(kinds[0] == kinds[1] and one['verdict'] == twin['verdict'],
                  'HTTP: the report of %s as it stands' % device['address'], kinds)
    return listed


def check_http(tap, program):
    wire = Wire()
    capture = ROOT / 'captures' / 'dns-nxdomain.pcap'
    try:
        wire.ip(1, 'link', 'set', 'lo', 'up')
        sensor = wire.watch(program, '--http', str(HTTP), '--device-timeout', '8')
        bound = subprocess.run(['ip', 'netns', 'exec', wire.names[1], 'ss', '-Hltn'],
                               stdout=subprocess.PIPE, text=True, check=True).stdout
        tap.check(re.search(rf'\s127\.0\.0\.1:{HTTP}\s', bound) and len(bound.splitlines()) == 1,
                  'HTTP: this machine only', bound)
        tap.check(ask(wire, '/healthz') == (200, 'ok\n'), 'HTTP: health')
        wire.send(capture)
        time.sleep(2)
        listed = check_devices(tap, wire, analyze(program, capture))
        numbers = samples(ask(wire, '/metrics')[1])
        tap.check(numbers and numbers['oobescope_devices{state="deploying"}'] == 1 and
                  numbers['oobescope_packets_total'] >= 100 and
                  numbers['oobescope_packets_dropped_total{by="kernel"}'] == 0,
                  'HTTP: metrics', numbers)
        time.sleep(9)
        numbers = samples(ask(wire, '/metrics')[1])
        tap.check(numbers['oobescope_verdicts_total{verdict="blocked"}'] == 1, 'HTTP: verdicts',
                  numbers)
        ended = [json.loads(ask(wire, '/api/devices/%d' % d['id'])[1]) for d in listed]
        tap.check(all(d['state'] != 'running' and 'ended' in d and d['report']['schema']
                      for d in ended), 'HTTP: reports of devices that ended', ended)
        tap.check([ask(wire, p)[0] for p in ('/', '/api/devices/99', '/../etc/passwd')] == [404] * 3,
                  'HTTP: nothing else')
        sensor.send_signal(signal.SIGTERM)
        output = sensor.communicate(timeout=10)[0]
        tap.check(sensor.returncode == 1, 'HTTP: the sensor ends as without', output)
    finally:
        wire.close()


def check_full_disk(tap, program, folder):
    """What cannot be written is said and counted, and no half of it is left."""
    disk = folder / 'disk'
    disk.mkdir()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=16k,mode=0777', 'tmpfs', str(disk)],
                   check=True)
    wire = Wire()
    try:
        wire.ip(1, 'link', 'set', 'lo', 'up')
        sensor = wire.watch(program, '--evidence', str(disk), '--http', str(HTTP),
                            '--device-timeout', '3')
        wire.send(ROOT / 'captures' / 'dns-nxdomain.pcap')
        time.sleep(1)
        held = samples(ask(wire, '/metrics')[1])['oobescope_evidence_bytes']
        time.sleep(5)
        numbers = samples(ask(wire, '/metrics')[1])
        sensor.send_signal(signal.SIGTERM)
        output = sensor.communicate(timeout=10)[0]
        left = list(disk.iterdir())
    finally:
        wire.close()
        subprocess.run(['umount', str(disk)], check=True)
    tap.check(re.search('evidence .*pcapng is lost: .* cannot be written there', output) and
              sensor.returncode == 1 and not left, 'disk full: it is said', f'{output} {left}')
    tap.check(held > 0 and numbers['oobescope_evidence_lost_total'] == 1 and
              numbers['oobescope_evidence_files_total'] == 0 and
              numbers['oobescope_evidence_bytes'] == 0, 'disk full: it is counted', numbers)


class Terminal:
    """A terminal that a program runs in, and what it shows."""

    count = 0  # a server that is closing takes no new window: each terminal has its own

    def __init__(self, command):
        Terminal.count += 1
        self.socket = f'oobelive{os.getpid()}-{Terminal.count}'
        self.tmux('-f', '/dev/null', 'new-session', '-d', '-x', '100', '-y', '24', command)

    def tmux(self, *words):
        return subprocess.run(['tmux', '-L', self.socket, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False).stdout

    def press(self, *keys):
        self.tmux('send-keys', *keys)

    def shows(self, *patterns):
        """Waits until it shows all of them; else says what it shows."""
        for _ in range(50):
            text = self.tmux('capture-pane', '-p')
            if all(re.search(p, text, re.M) for p in patterns):
                return ''
            time.sleep(0.1)
        return text or 'nothing'

    def close(self):
        self.tmux('kill-server')


def check_lost_terminal(tap, program, folder, wire):
    """Whoever closes the window gets the last reports."""
    reports = folder / 'window'
    terminal = Terminal(f'ip netns exec {wire.names[1]} {program} live -i vb --reports {reports}')
    terminal.shows('no deployment yet')
    wire.send(ROOT / 'captures' / 'dns-nxdomain.pcap')
    terminal.shows('running blocked')
    terminal.close()
    left = 'not looked at'
    for _ in range(100):
        left = subprocess.run(['ip', 'netns', 'pids', wire.names[1]], stdout=subprocess.PIPE,
                              text=True, check=True).stdout
        if not left:
            break
        time.sleep(0.1)
    written = sorted(p.suffix for p in reports.iterdir()) if reports.is_dir() else []
    tap.check(not left and written == ['.json', '.txt'], 'screen: a window that is closed',
              f'{left} {written}')


def check_screen(tap, program, folder):
    wire = Wire()
    terminal = Terminal(f'ip netns exec {wire.names[1]} {program} live -i vb; '
                        'echo "status $?"; stty -a | grep -o " echo "; sleep 60')

    def check(name, *patterns):
        shown = terminal.shows(*patterns)
        tap.check(not shown, 'screen: ' + name, shown)
    try:
        check('a table', r'^oobescope live on vb ', '^     NR ADDRESS', 'no deployment yet')
        wire.send(ROOT / 'captures' / 'dns-nxdomain.pcap')
        check('a device that is blocked',
              r'^ +1 10\.20\.0\.31 .* running blocked .* 1 [A-Z]', 'deployment begins')
        terminal.press('s')
        check('sorting', 'sorted by number')
        terminal.press('Enter')
        check('its report', r'^device 1  10\.20\.0\.31 ', '^Verdict: blocked')
        terminal.tmux('resize-window', '-x', '100', '-y', '60')
        terminal.press('End')
        check('its findings', 'error +dns-nxdomain', '^Names that no service lists')
        terminal.tmux('resize-window', '-x', '70', '-y', '12')
        terminal.press('Escape')
        check('a small window', '^     NR ADDRESS', r'\A(.{0,70}\n){11}arrows: choose')
        terminal.press('q')
        check('a question before it stops', r'last reports\? y/n')
        terminal.tmux('resize-window', '-x', '100', '-y', '24')
        terminal.press('y')
        check('the terminal is given back', r'^status 1$', '^ echo$', ': stopped, blocked')
        terminal.close()
        check_lost_terminal(tap, program, folder, wire)
    finally:
        terminal.close()
        wire.close()


def check_refusals(tap, program, folder):
    def refused(words, *prefix):
        run = subprocess.run([*prefix, program, 'live', '-i', 'lo', *words], timeout=10, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return run.returncode, run.stdout
    foreign = folder / 'foreign'
    foreign.mkdir(mode=0o755)
    for name, result, want in (
            ('a folder the user cannot write to', refused(['--reports', str(foreign)]), '--user'),
            ('the same for evidence', refused(['--evidence', str(foreign)]), '--user'),
            ('too little for evidence', refused(['--evidence-bytes', '1000']), '262144'),
            ('root as the user', refused(['--user', 'root']), 'unprivileged'),
            ('no right to become the user',
             refused([], 'setpriv', '--bounding-set', '-setuid'), 'nothing was read'),
            ('a port of HTTP that is no port', refused(['--http', 'localhost']), 'ADDRESS:PORT'),
            ('no right to capture',
             refused([], 'setpriv', '--reuid', '65534', '--clear-groups'), 'setcap')):
        tap.check(result[0] == 2 and want in result[1], 'refused: ' + name, result)


def main():
    if sys.argv[1] == '--send':
        send(*sys.argv[2:])
        return 0
    if sys.argv[1] == '--get':
        get(sys.argv[2])
        return 0
    program = str(Path(sys.argv[1]).resolve())
    tap = Tap()
    folder = Path(tempfile.mkdtemp(prefix='oobelive-'))
    folder.chmod(0o777)  # the sensor's user makes files in it
    work = folder / 'lab'
    work.mkdir(mode=0o755)
    pki = Pki(work / 'pki')
    (work / 'pki' / 'lab.crl').write_bytes(pki.authorities['digicert'].crl())
    (work / 'pki' / 'lab.ocsp').write_bytes(pki.ocsp('digicert'))
    changes = servers.Servers(http_503=[sc.CRL], zones={sc.CS: 'always_nxdomain'})
    room = LiveRoom(sc.Scenario('live', devices(), RULES, changes), 0, pki, work)
    try:
        result = act_and_watch(room, program, folder)
        check_equality(tap, program, folder, result)
    finally:
        room.close()
    check_signals(tap, program, folder)
    check_last_question(tap, program, folder)
    check_samples(tap, program)
    check_drops(tap, program, folder)
    check_move(tap, program, folder)
    check_rest(tap, program)
    check_http(tap, program)
    check_full_disk(tap, program, folder)
    check_screen(tap, program, folder)
    check_refusals(tap, program, folder)
    print('1..%d' % tap.number)
    if tap.failed:
        print('# what was written is in %s' % folder)
    else:
        shutil.rmtree(folder)
    return 1 if tap.failed else 0


sys.exit(main())
