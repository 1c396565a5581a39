"""frames: captures in memory, read from classic pcap and pcapng files.

SPDX-License-Identifier: MIT

A Frame is what was captured of a packet, when, and how long it was on the wire. A Capture is a list of
frames and how they are to be written (see files.py). Only what the sample captures use is read:
pcap in all four magic numbers, pcapng with Ethernet interfaces.
"""
import struct

ETHERNET = 1
RAW = 101
WIFI = 105
SLL = 113
SLL2 = 276

NS = 1000000000
MS = 1000000
US = 1000


class Frame:
    __slots__ = ('ts', 'data', 'wire', 'link')

    def __init__(self, ts, data, wire=None, link=ETHERNET):
        self.ts = ts                                     # nanoseconds since 1970
        self.data = data                                 # as captured
        self.wire = len(data) if wire is None else wire  # bytes it had
        self.link = link

    def with_data(self, data, ts=None):
        """The same packet with other bytes; what the capture cut off stays cut off."""
        cut = self.wire - len(self.data)
        return Frame(self.ts if ts is None else ts, bytes(data), len(data) + cut, self.link)

    def at(self, ts):
        return Frame(ts, self.data, self.wire, self.link)


class Capture:
    def __init__(self, frames, layout=None):
        self.frames = frames
        self.layout = layout or {}  # for files.write

    def with_frames(self, frames):
        return Capture(frames, dict(self.layout))

    def in_order(self, frames):
        """A capture of these frames, sorted by time; equal times keep their order."""
        return self.with_frames(sorted(frames, key=lambda f: f.ts))

    def laid_out(self, **layout):
        return Capture(self.frames, dict(self.layout, **layout))


PCAP_MAGIC = {0xa1b2c3d4: US, 0xa1b23c4d: 1}


def _read_pcap(data):
    endian = '<' if struct.unpack_from('<I', data)[0] in PCAP_MAGIC else '>'
    unit = PCAP_MAGIC[struct.unpack_from(endian + 'I', data)[0]]
    link = struct.unpack_from(endian + 'I', data, 20)[0] & 0xffff
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, have, wire = struct.unpack_from(endian + 'IIII', data, at)
        at += 16
        if at + have > len(data):
            return
        yield Frame(seconds * NS + fraction * unit, data[at:at + have], wire, link)
        at += have


SECTION, INTERFACE, ENHANCED = 0x0a0d0d0a, 1, 6


def options(body, at, endian):
    """The options of a block: (code, value)."""
    while at + 4 <= len(body):
        code, length = struct.unpack_from(endian + 'HH', body, at)
        if code == 0:
            return
        yield code, body[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def _interface(body, endian):
    """-> link type, units in a second"""
    link = struct.unpack_from(endian + 'H', body)[0]
    per_second = 1000000
    for code, value in options(body, 8, endian):
        if code == 9:
            per_second = 2 ** (value[0] & 127) if value[0] & 128 else 10 ** value[0]
    return link, per_second


def _read_pcapng(data):
    at, endian, interfaces = 0, '<', []
    while at + 12 <= len(data):
        if struct.unpack_from('<I', data, at)[0] == SECTION:
            endian = '<' if struct.unpack_from('<I', data, at + 8)[0] == 0x1a2b3c4d else '>'
            interfaces = []
        kind, length = struct.unpack_from(endian + 'II', data, at)
        body = data[at + 8:at + length - 4]
        at += length
        if kind == INTERFACE:
            interfaces.append(_interface(body, endian))
        elif kind == ENHANCED:
            number, high, low, have, wire = struct.unpack_from(endian + '5I', body)
            link, per_second = interfaces[number]
            ts = (high << 32 | low) * NS // per_second
            yield Frame(ts, body[20:20 + have], wire, link)


def read(path):
    with open(path, 'rb') as f:
        data = f.read()
    if data[:4] == b'\x0a\x0d\x0d\x0a':
        return Capture(list(_read_pcapng(data)), {'kind': 'pcapng'})
    if len(data) < 24 or not any(struct.unpack_from(e + 'I', data)[0] in PCAP_MAGIC for e in '<>'):
        raise ValueError('%s: neither pcap nor pcapng' % path)
    return Capture(list(_read_pcap(data)))
