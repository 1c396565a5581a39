"""headers: the headers of a frame, read and rewritten.

SPDX-License-Identifier: MIT

A Packet is a view of an Ethernet frame (also VLAN-tagged) with IPv4 or IPv6 and TCP, UDP or ICMP.
Changes of single fields mend checksums by the difference (RFC 1624), so a checksum that was left to the
network card stays as wrong as it was, and a packet that the capture cut keeps one that fits the whole.
"""
import struct

IPV4, IPV6, ARP = 0x0800, 0x86dd, 0x0806
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CHECKSUM_AT = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}
VLAN_TYPES = (0x8100, 0x88a8)


def total(data):
    """The one's complement sum of 16-bit words, not inverted."""
    if len(data) % 2:
        data = bytes(data) + b'\0'
    s = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return s


def checksum(data):
    return ~total(data) & 0xffff


def mended(old, before, after):
    """RFC 1624 equation 3; `before` and `after` begin at an even offset."""
    s = (~old & 0xffff) + (~total(before) & 0xffff) + total(after)
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def u16(data, at):
    return data[at] << 8 | data[at + 1]


def u32(data, at):
    return struct.unpack_from('!I', data, at)[0]


class Packet:
    """An IP packet in a frame; parse() makes one."""

    def __init__(self, frame, ip):
        self.frame = frame
        self.data = bytearray(frame.data)
        self.ip = ip
        self.version = self.data[ip] >> 4
        self.proto = None
        self.l4 = len(self.data)
        self.end = ip  # of the IP packet, on the wire
        self.first = True  # fragment

    # ---- fields ----

    @property
    def src(self):
        return bytes(self.data[self.ip + 12:self.ip + 16] if self.version == 4
                     else self.data[self.ip + 8:self.ip + 24])

    @property
    def dst(self):
        return bytes(self.data[self.ip + 16:self.ip + 20] if self.version == 4
                     else self.data[self.ip + 24:self.ip + 40])

    @property
    def ttl(self):
        return self.data[self.ip + (8 if self.version == 4 else 7)]

    @property
    def has_ports(self):
        return self.proto in (TCP, UDP) and len(self.data) >= self.l4 + 8 and self.first

    @property
    def is_tcp(self):
        return self.proto == TCP and self.first and len(self.data) >= self.l4 + 20

    @property
    def is_udp(self):
        return self.proto == UDP and self.has_ports

    @property
    def is_icmp(self):
        return self.proto in (ICMP, ICMPV6) and len(self.data) >= self.l4 + 8

    @property
    def sport(self):
        return u16(self.data, self.l4)

    @property
    def dport(self):
        return u16(self.data, self.l4 + 2)

    @property
    def seq(self):
        return u32(self.data, self.l4 + 4)

    @property
    def ack(self):
        return u32(self.data, self.l4 + 8)

    @property
    def flags(self):
        return self.data[self.l4 + 13]

    @property
    def payload_at(self):
        return self.l4 + ((self.data[self.l4 + 12] >> 4) * 4 if self.proto == TCP else 8)

    @property
    def payload(self):
        """What was captured of it."""
        return bytes(self.data[self.payload_at:self.end])

    @property
    def payload_len(self):
        """As the headers announce."""
        return max(0, self.end - self.payload_at)

    @property
    def seq_end(self):
        return (self.seq + self.payload_len + bool(self.flags & SYN)
                + bool(self.flags & FIN)) & 0xffffffff

    @property
    def ends(self):
        """Both ends: (address, port), (address, port)."""
        return (self.src, self.sport), (self.dst, self.dport)

    @property
    def flow(self):
        """The same for both directions."""
        return (self.proto,) + tuple(sorted(self.ends))

    # ---- changes ----

    def mend_l4(self, before, after):
        at = self.l4 + CHECKSUM_AT.get(self.proto, 0)
        if self.proto not in CHECKSUM_AT or not self.first or at + 2 > len(self.data):
            return
        old = u16(self.data, at)
        if self.proto == UDP and old == 0:
            return
        new = mended(old, before, after)
        if self.proto == UDP and new == 0:
            new = 0xffff
        struct.pack_into('!H', self.data, at, new)

    def put(self, at, new):
        """Puts bytes over those at an even offset of the transport header or payload."""
        old = bytes(self.data[at:at + len(new)])
        self.data[at:at + len(new)] = new
        self.mend_l4(old, new)

    def put_ip(self, at, new):
        """The same in the IP header, which is no part of a transport checksum."""
        old = bytes(self.data[self.ip + at:self.ip + at + len(new)])
        self.data[self.ip + at:self.ip + at + len(new)] = new
        if self.version == 4:
            sum_at = self.ip + 10
            struct.pack_into('!H', self.data, sum_at, mended(u16(self.data, sum_at), old, new))

    def set_ttl(self, ttl):
        if self.version == 4:
            self.put_ip(8, bytes([ttl, self.data[self.ip + 9]]))
        else:
            self.data[self.ip + 7] = ttl

    def set_address(self, which, new):
        """which: 'src' or 'dst'. The transport checksum covers addresses, but for ICMPv4."""
        old = getattr(self, which)
        if self.version == 4:
            self.put_ip(12 if which == 'src' else 16, new)
        else:
            at = self.ip + (8 if which == 'src' else 24)
            self.data[at:at + 16] = new
        if self.proto != ICMP:
            self.mend_l4(old, new)

    def set_port(self, which, port):
        self.put(self.l4 + (0 if which == 'src' else 2), struct.pack('!H', port))

    def set_payload(self, payload):
        """Another payload: lengths and checksums are made anew."""
        self.data[self.payload_at:] = payload
        self.end = len(self.data)
        if self.version == 4:
            self.put_ip(2, struct.pack('!H', self.end - self.ip))
        else:
            struct.pack_into('!H', self.data, self.ip + 4, self.end - self.ip - 40)
        if self.proto == UDP:
            struct.pack_into('!H', self.data, self.l4 + 4, self.end - self.l4)
        self.seal()

    def seal(self):
        """Computes the transport checksum from nothing."""
        at = self.l4 + CHECKSUM_AT[self.proto]
        self.data[at:at + 2] = b'\0\0'
        value = ~total(self.pseudo() + bytes(self.data[self.l4:self.end])) & 0xffff
        if self.proto == UDP and value == 0:
            value = 0xffff
        struct.pack_into('!H', self.data, at, value)

    def pseudo(self):
        if self.proto == ICMP:
            return b''
        return self.src + self.dst + struct.pack('!II', self.end - self.l4, self.proto)

    def done(self, ts=None):
        """The frame with its changes."""
        cut = self.frame.wire - len(self.frame.data)
        frame = self.frame.with_data(self.data, ts)
        frame.wire = len(self.data) + cut
        return frame


EXTENSIONS = (0, 43, 60)


def parse_v4(p):
    d = p.data
    if len(d) < p.ip + 20:
        return None
    p.end = p.ip + u16(d, p.ip + 2)
    p.proto = d[p.ip + 9]
    p.l4 = p.ip + (d[p.ip] & 15) * 4
    p.first = u16(d, p.ip + 6) & 0x1fff == 0
    return p


def parse_v6(p):
    d = p.data
    if len(d) < p.ip + 40:
        return None
    p.end = p.ip + 40 + u16(d, p.ip + 4)
    p.proto = d[p.ip + 6]
    p.l4 = p.ip + 40
    while p.proto in EXTENSIONS and len(d) >= p.l4 + 8:
        p.proto, p.l4 = d[p.l4], p.l4 + 8 + d[p.l4 + 1] * 8
    if p.proto == 44 and len(d) >= p.l4 + 8:
        p.first = u16(d, p.l4 + 2) & 0xfff8 == 0
        p.proto, p.l4 = d[p.l4], p.l4 + 8
    return p


def network(data):
    """-> ethertype behind VLAN tags, offset of what it announces"""
    at = 12
    while len(data) >= at + 6 and u16(data, at) in VLAN_TYPES:
        at += 4
    return (u16(data, at), at + 2) if len(data) >= at + 2 else (0, at)


def parse(frame):
    """A Packet, or None for what is not IP in Ethernet."""
    ethertype, at = network(frame.data)
    if len(frame.data) <= at:
        return None
    if ethertype == IPV4 and frame.data[at] >> 4 == 4:
        return parse_v4(Packet(frame, at))
    if ethertype == IPV6 and frame.data[at] >> 4 == 6:
        return parse_v6(Packet(frame, at))
    return None


def sums_are_right(p):
    """Whether the checksums of a whole packet hold; None where there is nothing to check."""
    if p.end > len(p.data) or p.proto not in CHECKSUM_AT or not p.first:
        return None
    if p.version == 4 and total(bytes(p.data[p.ip:p.ip + (p.data[p.ip] & 15) * 4])) != 0xffff:
        return False
    if p.proto == UDP and u16(p.data, p.l4 + 6) == 0:
        return None
    return total(p.pseudo() + bytes(p.data[p.l4:p.end])) == 0xffff


def ethernet(dst, src, ethertype):
    return dst + src + struct.pack('!H', ethertype)


def ipv4(src, dst, proto, length, ident=0, ttl=60):
    """A header for `length` bytes behind it."""
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + length, ident, 0x4000, ttl, proto, 0) + src + dst
    return head[:10] + struct.pack('!H', checksum(head)) + head[12:]


def tcp_segment(like, flags, seq, ack, payload=b'', ttl=64, ident=0):
    """A segment from the side that sent the Packet `like`, without options."""
    link = bytes(like.data[:like.ip])
    tcp = struct.pack('!HHIIBBHHH', like.sport, like.dport, seq, ack, 0x50, flags, 0, 0, 0)
    if like.version == 4:
        head = ipv4(like.src, like.dst, TCP, len(tcp) + len(payload), ident, ttl)
    else:
        head = struct.pack('!IHBB', 6 << 28, len(tcp) + len(payload), TCP, ttl) + like.src + like.dst
    p = parse(like.frame.__class__(like.frame.ts, link + head + tcp + payload))
    p.seal()
    return p.done()
