"""wraps: the same packets in tunnels and under other link types.

SPDX-License-Identifier: MIT

RFC 2784, 2890 (GRE), 7637 (NVGRE), 7348 (VXLAN), 8926 (GENEVE), 3032 (MPLS), 2516 (PPPoE), 2003 and
4213 (IP in IP), 4380 (Teredo), draft-foschiano-erspan (ERSPAN), tcpdump.org/linktypes, IEEE 802.11-2020
section 9.3.2 (A-MSDU). What a tunnel
of IP packets cannot carry (ARP) stays outside it.
"""
import struct

import headers
from copies import tagged
from frames import MS, RAW, SLL, SLL2, WIFI, Frame
from recipes import recipe

OUTER_MACS = bytes.fromhex('020000000a01'), bytes.fromhex('020000000a02')
OUTER = bytes([10, 99, 0, 1]), bytes([10, 99, 0, 2])
GRE = 47


def _outer(frame, proto, head, inner, number):
    """`inner` (a frame's bytes or a packet's) behind `head` in an outer Ethernet and IPv4 header."""
    cut = frame.wire - len(frame.data)
    ip = headers.ipv4(OUTER[0], OUTER[1], proto, len(head) + len(inner) + cut, number & 0xffff)
    return frame.with_data(headers.ethernet(*OUTER_MACS, headers.IPV4) + ip + head + inner)


def _in_udp(frame, port, head, inner, number):
    cut = frame.wire - len(frame.data)
    udp = struct.pack('!HHHH', 49152 + number % 1000, port, 8 + len(head) + len(inner) + cut, 0)
    return _outer(frame, headers.UDP, udp + head, inner, number)


def packet_of(frame):
    """-> ethertype, the IP packet's bytes without the padding of Ethernet; None for what is not IP"""
    p = headers.parse(frame)
    if p is None:
        return None
    return (headers.IPV4 if p.version == 4 else headers.IPV6), bytes(p.data[p.ip:p.end])


def _each(capture, make):
    """make(frame, number) for each; frames of which it makes None stay as they are."""
    return capture.with_frames([make(f, i) or f for i, f in enumerate(capture.frames)])


def _each_packet(capture, make):
    """make(frame, ethertype, packet, number) for each IP packet."""
    def one(frame, number):
        found = packet_of(frame)
        if found is None:
            return None
        bare = frame.with_data(found[1])
        return make(bare, found[0], found[1], number)
    return _each(capture, one)


@recipe('vlan')
def vlan(capture, id=10):
    """in a VLAN"""
    return _each(capture, lambda f, n: tagged(f, [(0x8100, id)]))


@recipe('qinq')
def qinq(capture):
    """in a VLAN within a VLAN (802.1ad)"""
    return _each(capture, lambda f, n: tagged(f, [(0x88a8, 100), (0x8100, 10)]))


@recipe('gre')
def gre(capture):
    """IP packets in GRE"""
    return _each_packet(capture, lambda f, t, ip, n: _outer(f, GRE, struct.pack('!HH', 0, t), ip, n))


@recipe('nvgre')
def nvgre(capture):
    """frames in GRE with a key"""
    head = struct.pack('!HHI', 0x2000, 0x6558, 5000 << 8)
    return _each(capture, lambda f, n: _outer(f, GRE, head, f.data, n))


@recipe('erspan1')
def erspan1(capture):
    """a mirror over IP, ERSPAN type I"""
    return _each(capture, lambda f, n: _outer(f, GRE, struct.pack('!HH', 0, 0x88be), f.data, n))


@recipe('erspan2')
def erspan2(capture):
    """a mirror over IP, ERSPAN type II"""
    def one(f, n):
        head = struct.pack('!HHI', 0x1000, 0x88be, n) + struct.pack('!HHI', 0x1000 | 10, 1, 5)
        return _outer(f, GRE, head, f.data, n)
    return _each(capture, one)


@recipe('erspan3')
def erspan3(capture):
    """a mirror over IP, ERSPAN type III with its optional platform header"""
    def one(f, n):
        gre_head = struct.pack('!HHI', 0x1000, 0x22eb, n)
        head = struct.pack('!HHIHH', 0x2000 | 10, 1, f.ts // 100 & 0xffffffff, 0, 0x8001)
        return _outer(f, GRE, gre_head + head + struct.pack('!II', 5 << 26, 7), f.data, n)
    return _each(capture, one)


@recipe('vxlan')
def vxlan(capture):
    """in VXLAN"""
    head = struct.pack('!II', 0x08000000, 5000 << 8)
    return _each(capture, lambda f, n: _in_udp(f, 4789, head, f.data, n))


@recipe('geneve')
def geneve(capture):
    """in GENEVE with an option"""
    head = struct.pack('!BBHI', 2, 0, 0x6558, 5000 << 8) + struct.pack('!HBBI', 0x0101, 1, 1, 7)
    return _each(capture, lambda f, n: _in_udp(f, 6081, head, f.data, n))


@recipe('mpls')
def mpls(capture):
    """IP packets behind two MPLS labels"""
    labels = struct.pack('!II', 1000 << 12 | 64, 2000 << 12 | 0x100 | 64)
    def one(f, ethertype, ip, n):
        return f.with_data(headers.ethernet(*OUTER_MACS, 0x8847) + labels + ip)
    return _each_packet(capture, one)


@recipe('pppoe')
def pppoe(capture):
    """IP packets in a PPPoE session"""
    def one(f, ethertype, ip, n):
        protocol = 0x21 if ethertype == headers.IPV4 else 0x57
        head = struct.pack('!BBHHH', 0x11, 0, 7, f.wire + 2, protocol)
        return f.with_data(headers.ethernet(*OUTER_MACS, 0x8864) + head + ip)
    return _each_packet(capture, one)


@recipe('ip-in-ip')
def ip_in_ip(capture):
    """IP packets in IPv4 packets"""
    def one(f, ethertype, ip, n):
        return _outer(f, 4 if ethertype == headers.IPV4 else 41, b'', ip, n)
    return _each_packet(capture, one)


@recipe('tzsp')
def tzsp(capture):
    """in TZSP, as access points and RouterOS mirror"""
    head = struct.pack('!BBHBB', 1, 0, 1, 0, 1)  # received, Ethernet; padding, end of tags
    return _each(capture, lambda f, n: _in_udp(f, 37008, head, f.data, n))


# ---- link types ----

@recipe('sll')
def sll(capture):
    """as "any" of Linux captures it (cooked)"""
    def one(f, n):
        head = struct.pack('!HHH', 0, 1, 6) + f.data[6:12] + b'\0\0'
        frame = f.with_data(head + f.data[12:])
        frame.link = SLL
        return frame
    return _each(capture, one)


@recipe('sll2')
def sll2(capture):
    """the same, cooked version 2"""
    def one(f, n):
        head = f.data[12:14] + struct.pack('!HIHBB', 0, 2, 1, 0, 6) + f.data[6:12] + b'\0\0'
        frame = f.with_data(head + f.data[14:])
        frame.link = SLL2
        return frame
    return _each(capture, one)


@recipe('raw')
def raw(capture):
    """IP packets without a link layer; the rest is gone"""
    frames = []
    for f in capture.frames:
        found = packet_of(f)
        if found:
            frame = f.with_data(found[1])
            frame.link = RAW
            frames.append(frame)
    return capture.with_frames(frames)


# ---- 802.11: several packets in one frame ----

# QoS data from an access point, for a receiver, with A-MSDU
AMSDU_HEAD = bytes.fromhex('88020000'), bytes.fromhex('020000000b01020000000b0110008000')
FILLER = bytes.fromhex('88b5') + b'first'  # of a local experiment (IEEE 802), no IP


def _subframe(macs, rest, cut=0):
    """What follows the addresses of an Ethernet frame, `cut` bytes of which are missing."""
    typed = headers.u16(rest, 0) >= 0x600
    msdu = bytes.fromhex('aaaa03000000') + rest if typed else rest[2:]
    return macs + struct.pack('!H', len(msdu) + cut) + msdu


def _amsdu(frame, subframes):
    cut = frame.wire - len(frame.data)
    data = AMSDU_HEAD[0] + frame.data[:6] + AMSDU_HEAD[1]
    for s in subframes[:-1]:
        data += s + bytes(-len(s) % 4)
    data += subframes[-1]
    return Frame(frame.ts, data, len(data) + cut, WIFI)


def _own(frame):
    return _subframe(frame.data[:12], frame.data[12:], frame.wire - len(frame.data))


@recipe('amsdu')
def amsdu(capture):
    """802.11: two packets that go the same way within 1 ms are in one frame"""
    out = []
    held = None
    for f in capture.frames:
        if held and f.data[:12] == held.data[:12] and f.ts - held.ts < MS and held.wire == len(held.data):
            out.append(_amsdu(f, [_own(held), _own(f)]))
            held = None
            continue
        if held:
            out.append(_amsdu(held, [_own(held)]))
        held = f
    if held:
        out.append(_amsdu(held, [_own(held)]))
    return capture.with_frames(out)


@recipe('amsdu-behind')
def amsdu_behind(capture):
    """802.11: every packet is in one frame with another one, which stands before it"""
    return _each(capture, lambda f, n: _amsdu(f, [_subframe(f.data[:12], FILLER), _own(f)]))
