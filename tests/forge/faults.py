"""faults: a good capture turned into that of a network, a device or a resolver with a fault.

SPDX-License-Identifier: MIT

What is put in is what the fault would have sent; what it would have kept from happening is taken out.
The device tries no more often than it did. And NAT, which is no fault but changes who is who.
"""
import struct

import headers
import talks
from frames import MS, NS
from recipes import recipe

NAME = 'ztd.dds.microsoft.com'
NTP, NTP_CLIENT = 123, 3  # port, mode
ORIGIN, TRANSMIT = 24, 40  # in an NTP packet


# ---- TLS ----

def _to(name, capture):
    """-> (talk, place of the packet that completes the ClientHello for the name), each"""
    for t in talks.talks(capture):
        at = t.hello(name.encode())
        if at is None or not t.is_tcp or t.packets[at][1].payload[:1] != b'\x16':
            continue
        for place in range(at + 1, len(t.packets)):
            _, p, from_client = t.packets[place]
            if p.payload_len > 0 and not from_client:
                break
            if p.payload_len > 0:
                at = place
        yield t, at


def _server_packet(talk):
    return next(p for _, p, from_client in talk.packets if not from_client)


@recipe('rst-at-hop')
def rst_at_hop(capture, name=NAME, hop=2):
    """a box so many hops away resets connections whose ClientHello has this name"""
    gone, more = [], []
    for talk, at in _to(name, capture):
        hello = talk.packets[at][1]
        gone += talk.indexes()[at + 1:]
        reset = headers.tcp_segment(_server_packet(talk), headers.RST | headers.ACK, hello.ack,
                                    hello.seq_end, ttl=64 - hop)
        more.append(reset.at(hello.frame.ts + MS))
    return talks.without(capture, gone, more)


@recipe('lost-tail')
def lost_tail(capture, name=NAME, seconds=10):
    """the last segment of the server's first flight to this name is lost on the way, however often it
    is sent; after so many seconds of silence the device gives up"""
    gone, more = [], []
    for talk, at in _to(name, capture):
        flight = []
        for place in range(at + 1, len(talk.packets)):
            _, p, from_client = talk.packets[place]
            if from_client and p.payload_len > 0:
                break
            if p.payload_len > 0:
                flight.append(place)
        if not flight:
            continue
        tail = talk.packets[flight[-1]][1]
        gone += [i for place, (i, p, from_client) in enumerate(talk.packets)
                 if place >= flight[-1] or from_client and p.ack == tail.seq_end]
        hello = talk.packets[at][1]
        fin = headers.tcp_segment(hello, headers.FIN | headers.ACK, hello.seq_end, tail.seq)
        more.append(fin.at(tail.frame.ts + seconds * NS))
    return talks.without(capture, gone, more)


# ---- DNS ----

@recipe('nxdomain')
def nxdomain(capture, name=NAME):
    """the resolver denies that the name exists; nothing is sent there"""
    gone = [i for t in talks.talks(capture) if t.is_tcp and t.hello(name.encode()) is not None
            for i in t.indexes()]
    frames = list(capture.frames)
    for i, f in enumerate(frames):
        p = headers.parse(f)
        if p is None or not p.is_udp or p.sport != 53:
            continue
        asked = talks.question(p.payload)
        if asked is None or asked[0] != name:
            continue
        head = bytearray(p.payload[:asked[1]])
        head[3] = head[3] & 0xf0 | 3
        head[6:12] = bytes(6)
        p.set_payload(bytes(head))
        frames[i] = p.done()
    return talks.without(capture.with_frames(frames), gone)


# ---- clocks ----

def _turn(p, at, seconds):
    """Adds to the timestamp at this place of an NTP packet, if there is one."""
    at += p.payload_at
    old = headers.u32(p.data, at)
    if old:
        p.put(at, struct.pack('!I', (old + seconds) & 0xffffffff))


@recipe('skew')
def skew(capture, seconds=-7200):
    """the devices' clocks are off by so many seconds, and NTP tells"""
    frames = []
    for f in capture.frames:
        p = headers.parse(f)
        if p is not None and p.is_udp and NTP in (p.sport, p.dport) and p.payload_len >= 48:
            _turn(p, TRANSMIT if p.payload[0] & 7 == NTP_CLIENT else ORIGIN, seconds)
            f = p.done()
        frames.append(f)
    return capture.with_frames(frames)


# ---- NAT ----

PUBLIC = {4: bytes([192, 0, 2, 77]), 6: bytes.fromhex('20010db8007700000000000000000077')}
NAT_MAC = bytes.fromhex('02000000a077')


class _Nat:
    """Which device and port stands behind which port of the one address."""

    def __init__(self, inside):
        self.inside = inside
        self.ports = {}
        self.taken = set()

    def port(self, proto, address, port):
        key = proto, address, port
        if key not in self.ports:
            new = port
            while (proto, len(address), new) in self.taken:
                new = 20000 + (new + 1) % 40000
            self.taken.add((proto, len(address), new))
            self.ports[key] = new
        return self.ports[key]

    def rewrite(self, p):
        """Puts what the outside sees into a packet."""
        for which in ('src', 'dst'):
            address = getattr(p, which)
            if address not in self.inside:
                continue
            if p.has_ports:
                p.set_port(which, self.port(p.proto, address, p.sport if which == 'src' else p.dport))
            p.set_address(which, PUBLIC[p.version])

    def quote(self, p):
        """The packet that an ICMP error quotes."""
        inner = headers.Packet(p.frame, p.l4 + 8)
        inner.data = p.data
        parse = headers.parse_v4 if inner.version == 4 else headers.parse_v6
        if len(p.data) >= inner.ip + 28 and parse(inner):
            before = bytes(p.data[inner.ip:])
            self.rewrite(inner)
            p.mend_l4(before, bytes(p.data[inner.ip:]))


ERRORS = {headers.ICMP: (3, 11, 12), headers.ICMPV6: (1, 2, 3, 4)}


def _stays_inside(p):
    """DHCP, and what goes to all or to a group."""
    return (p.src == bytes(len(p.src)) or p.dst[0] in (0xff, *range(224, 240))
            or p.is_udp and {p.sport, p.dport} & {67, 68})


@recipe('nat')
def nat(capture):
    """all devices behind one address, seen beyond it"""
    inside, macs = talks.clients(capture)
    table = _Nat(inside)
    frames = []
    for f in capture.frames:
        p = headers.parse(f)
        if p is None or _stays_inside(p):
            continue
        if p.src in inside:
            p.data[6:12] = NAT_MAC
        if p.dst in inside:
            p.data[0:6] = NAT_MAC
        if p.is_icmp and p.data[p.l4] in ERRORS[p.proto]:
            table.quote(p)
        table.rewrite(p)
        frames.append(p.done())
    return capture.with_frames(frames)
