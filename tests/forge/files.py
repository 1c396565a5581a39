"""files: writes captures, in the layouts that other programs use.

SPDX-License-Identifier: MIT

A capture's layout is a dict: kind ('pcap', 'pcapng'), endian ('<', '>'), unit (nanoseconds of a tick:
1000 or 1), interfaces (how many, frames take turns), sections (how many), drops (told by the
statistics of the last interface), packing ('gzip', 'zstd', 'lz4').
"""
import gzip
import shutil
import struct
import subprocess

from frames import ENHANCED, INTERFACE, NS, SECTION, US

SNAPLEN = 262144
STATISTICS = 5


def _pcap(capture, endian, unit):
    link = capture.frames[0].link if capture.frames else 1
    if any(f.link != link for f in capture.frames):
        raise ValueError('classic pcap has one link type')
    magic = 0xa1b2c3d4 if unit == US else 0xa1b23c4d
    out = [struct.pack(endian + 'IHHiIII', magic, 2, 4, 0, 0, SNAPLEN, link)]
    for f in capture.frames:
        out.append(struct.pack(endian + 'IIII', f.ts // NS, f.ts % NS // unit, len(f.data), f.wire))
        out.append(f.data)
    return b''.join(out)


class _Ng:
    """A pcapng file as it grows."""

    def __init__(self, endian, unit):
        self.endian, self.unit = endian, unit
        self.out = []

    def pack(self, form, *values):
        return struct.pack(self.endian + form, *values)

    def option(self, code, value):
        return self.pack('HH', code, len(value)) + value + bytes(-len(value) % 4)

    def block(self, kind, body):
        body += bytes(-len(body) % 4)
        length = self.pack('I', len(body) + 12)
        self.out.append(self.pack('I', kind) + length + body + length)

    def section(self):
        self.block(SECTION, self.pack('IHHq', 0x1a2b3c4d, 1, 0, -1)
                   + self.option(4, b'forge') + self.option(0, b''))

    def interface(self, number, link):
        resolution = 6 if self.unit == US else 9
        self.block(INTERFACE, self.pack('HHI', link, 0, SNAPLEN)
                   + self.option(2, b'port%d' % number) + self.option(9, bytes([resolution]))
                   + self.option(0, b''))

    def packet(self, number, frame):
        ticks = frame.ts // self.unit
        self.block(ENHANCED, self.pack('5I', number, ticks >> 32, ticks & 0xffffffff,
                                       len(frame.data), frame.wire)
                   + frame.data + bytes(-len(frame.data) % 4)
                   + self.option(1, b'PID=4 ProcessName=System') + self.option(0, b''))

    def statistics(self, number, ts, drops):
        ticks = ts // self.unit
        self.block(STATISTICS, self.pack('3I', number, ticks >> 32, ticks & 0xffffffff)
                   + self.option(5, self.pack('Q', drops)) + self.option(0, b''))


def _pcapng(capture, layout, endian, unit):
    ng = _Ng(endian, unit)
    frames = capture.frames
    sections = layout.get('sections', 1)
    count = layout.get('interfaces', 1)
    links = sorted({f.link for f in frames}) or [1]
    size = (len(frames) + sections - 1) // sections or 1
    for start in range(0, max(len(frames), 1), size):
        ng.section()
        for number in range(count * len(links)):
            ng.interface(number, links[number % len(links)])
        for i, f in enumerate(frames[start:start + size]):
            ng.packet(i % count * len(links) + links.index(f.link), f)
    if layout.get('drops'):
        ng.statistics(0, frames[-1].ts if frames else 0, layout['drops'])
    return b''.join(ng.out)


PACKERS = {'zstd': ['zstd', '-q', '-c'], 'lz4': ['lz4', '-q', '-c']}


def can_pack(packing):
    return packing == 'gzip' or shutil.which(PACKERS[packing][0]) is not None


def _pack(data, packing):
    if packing == 'gzip':
        return gzip.compress(data, 6, mtime=0)
    return subprocess.run(PACKERS[packing], input=data, stdout=subprocess.PIPE, check=True).stdout


def write(path, capture):
    layout = capture.layout
    endian, unit = layout.get('endian', '<'), layout.get('unit', US)
    if layout.get('kind', 'pcap') == 'pcap':
        data = _pcap(capture, endian, unit)
    else:
        data = _pcapng(capture, layout, endian, unit)
    if layout.get('packing'):
        data = _pack(data, layout['packing'])
    with open(path, 'wb') as f:
        f.write(data)
