"""forwarder: a user-space bridge between two interfaces that can be a bad network.

SPDX-License-Identifier: MIT

usage: forwarder.py DEVICE_SIDE SERVER_SIDE RULES.json

Frames pass both ways with a delay; what comes from beyond the site's gateway has lost some hops of
TTL. Rules are asked in order about every packet of the device, the first that matches acts:

  {"do": "drop" | "blackhole" | "reset" | "icmp" | "answer" | "cut" | "gone",
   "proto": "tcp" | "udp", "dst": "198.18.1.2", "port": 443, "syn": true, "version": 6,
   "src": "10.20.0.31", "contains": "name in the payload", "begins": "17", "times": 1, "ttl": 62}

Packets that come back are asked too, by rules with "back": true (their src is the server). "longer": 1400
wants an IP packet of more bytes, "begins" a payload that begins with these bytes (hex): "17" is what
comes behind a TLS handshake. {"do": "near"} makes all of TCP port 443 look ended by a box nearby:
answers have lost one hop only, connections are accepted at once, what follows takes its time.
{"do": "slow", "after": 300} keeps what goes beyond the gateway (or to "dst") for so many milliseconds
more, each way. {"do": "lose", "after": 20} loses every 20th TCP packet with payload to or from there.

drop: this packet; blackhole: and all that follows of its connection; reset: the connection gets an
RST both ways, in the name of the other side; icmp: the gateway says "administratively prohibited";
answer: the device gets "text" and a FIN in the server's name, the server nothing; cut: after "after"
bytes from the server the connection is reset as above; gone: nothing passes any more either way, this
packet neither, for "for" seconds or for good; with "arp": true ARP still does.
"""

import heapq
import ipaddress
import json
import select
import socket
import struct
import sys
import time
import zlib

ETH_P_ALL = 3
PACKET_OUTGOING = 4
IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
TCP, UDP = 6, 17
FIN_SYN_RST = 7
SYN = 2
SITE = (ipaddress.ip_network("10.20.0.0/24"), ipaddress.ip_network("2001:db8:20::/64"))
GATEWAY = ipaddress.ip_address("10.20.0.1")
SITE_DELAY = 0.0003
ETHERNET = 14
HTTPS = 443


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Packet:
    """The fields of an Ethernet frame that rules ask for."""

    def __init__(self, frame):
        self.frame = frame
        self.ethertype = struct.unpack("!H", frame[12:14])[0]
        self.src = self.dst = None
        self.proto = self.sport = self.dport = self.flags = 0
        self.seq = self.ack = 0
        self.payload = b""
        if self.ethertype == IPV4 and len(frame) >= 34:
            self._ipv4(frame[14:])
        elif self.ethertype == IPV6 and len(frame) >= 54:
            self.src = ipaddress.ip_address(frame[22:38])
            self.dst = ipaddress.ip_address(frame[38:54])
            self._transport(frame[20], frame[54:])

    def _ipv4(self, data):
        total, = struct.unpack("!H", data[2:4])
        self.src = ipaddress.ip_address(data[12:16])
        self.dst = ipaddress.ip_address(data[16:20])
        self._transport(data[9], data[(data[0] & 15) * 4 : total])

    def _transport(self, proto, data):
        if proto == TCP and len(data) >= 20:
            self.proto = TCP
            self.sport, self.dport, self.seq, self.ack = struct.unpack("!HHII", data[:12])
            self.flags = data[13]
            self.payload = data[(data[12] >> 4) * 4 :]
        elif proto == UDP and len(data) >= 8:
            self.proto = UDP
            self.sport, self.dport = struct.unpack("!HH", data[:4])
            self.payload = data[8:]

    def flow(self):
        return (self.src, self.sport, self.dst, self.dport)

    def to_site(self):
        return self.dst is None or self.dst.is_multicast or any(self.dst in net for net in SITE)

    def from_site(self):
        return self.src is None or any(self.src in net for net in SITE)


class Rule:
    def __init__(self, spec):
        self.do = spec["do"]
        self.proto = {"tcp": TCP, "udp": UDP, None: None}[spec.get("proto")]
        self.src = ipaddress.ip_address(spec["src"]) if "src" in spec else None
        self.dst = ipaddress.ip_address(spec["dst"]) if "dst" in spec else None
        self.port = spec.get("port")
        self.syn = spec.get("syn", False)
        self.version = spec.get("version")
        self.contains = spec.get("contains", "").encode()
        self.begins = bytes.fromhex(spec.get("begins", ""))
        self.left = spec.get("times", -1)
        self.ttl = spec.get("ttl", 62)
        self.text = spec.get("text", "").encode()
        self.after = spec.get("after", 0)
        self.longer = spec.get("longer", 0)
        self.back = spec.get("back", False)
        self.arp = spec.get("arp", False)
        self.lasts = spec.get("for", float("inf"))

    def matches(self, packet):
        return (
            self.left != 0
            and packet.proto != 0
            and self.proto in (None, packet.proto)
            and self.src in (None, packet.src)
            and self.dst in (None, packet.dst)
            and self.port in (None, packet.dport)
            and (not self.syn or packet.flags & FIN_SYN_RST == SYN)
            and self.version in (None, packet.src.version)
            and self.contains in packet.payload
            and packet.payload.startswith(self.begins)
            and len(packet.frame) - ETHERNET > self.longer
        )


def ethernet_reply(frame, ethertype):
    return frame[6:12] + frame[0:6] + struct.pack("!H", ethertype)


def ipv4_packet(src, dst, proto, ttl, body, ip_id=0):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), ip_id, 0, ttl, proto, 0)
    head += src.packed + dst.packed
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


RST_ACK = 0x14
FIN_PSH_ACK = 0x19


def tcp_segment(src, dst, ports, seq, ack, flags=RST_ACK, payload=b""):
    # pylint: disable=too-many-arguments
    numbers = (seq & 0xFFFFFFFF, ack & 0xFFFFFFFF)
    window = 0 if flags == RST_ACK else 8192
    data = struct.pack("!HHIIBBHHH", *ports, *numbers, 0x50, flags, window, 0, 0) + payload
    pseudo = src.packed + dst.packed + struct.pack("!BBH", 0, TCP, len(data))
    return data[:16] + struct.pack("!H", checksum(pseudo + data)) + data[18:]


def hops_to(address):
    """Routers between the site and a server: the same for the whole network, 9 to 14."""
    return 9 + zlib.crc32(address.packed[: 6 if address.version == 6 else 3]) % 6


def delay_to(address):
    """One way, 4 to 12 ms."""
    return 0.004 + zlib.crc32(address.packed[:6]) % 9 * 0.001


def age(packet, hops=0):
    """The frame after its way through the internet."""
    hops = hops or hops_to(packet.src)
    frame = bytearray(packet.frame)
    if packet.ethertype == IPV6:
        frame[21] = max(1, frame[21] - hops)
        return bytes(frame)
    head_len = (frame[14] & 15) * 4
    frame[22] = max(1, frame[22] - hops)
    frame[24:26] = b"\0\0"
    frame[24:26] = struct.pack("!H", checksum(bytes(frame[14 : 14 + head_len])))
    return bytes(frame)


class Forwarder:
    def __init__(self, device_side, server_side, rules):
        self.device = self._open(device_side)
        self.server = self._open(server_side)
        self.rules = [r for r in rules if not r.back and r.do not in ("near", "slow", "lose")]
        self.back = [r for r in rules if r.back]
        self.near = any(r.do == "near" for r in rules)
        self.slow = [r for r in rules if r.do == "slow"]
        self.lose = next((r.after for r in rules if r.do == "lose"), 0)
        self.carried = 0
        self.blackholes = set()
        self.gone = None  # the rule, and when it ends
        self.cuts = {}  # flow: [bytes left from the server, the device's newest packet, rule]
        self.queue = []
        self.order = 0

    @staticmethod
    def _open(interface):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        sock.bind((interface, 0))
        return sock

    def far(self, address):
        """One way to a server."""
        more = sum(r.after for r in self.slow if r.dst in (None, address))
        return delay_to(address) + more / 1000

    def loses(self, packet):
        if not self.lose or packet.proto != TCP or not packet.payload:
            return False
        self.carried += 1
        return self.carried % self.lose == 0

    def later(self, delay, sock, frame):
        self.order += 1
        heapq.heappush(self.queue, (time.monotonic() + delay, self.order, sock, frame))

    def is_gone(self, packet):
        if self.gone is None or time.monotonic() >= self.gone[1]:
            return False
        return packet.ethertype != ARP or not self.gone[0].arp

    def reset(self, packet, rule):
        """RSTs both ways, each with a bare header and a TTL that is not the other end's."""
        self.blackholes.add(packet.flow())
        end = packet.seq + len(packet.payload)
        ports = (packet.dport, packet.sport)
        to_device = tcp_segment(packet.dst, packet.src, ports, packet.ack, end)
        ip = ipv4_packet(packet.dst, packet.src, TCP, rule.ttl, to_device)
        self.later(0.0012, self.device, ethernet_reply(packet.frame, IPV4) + ip)
        to_server = tcp_segment(packet.src, packet.dst, ports[::-1], packet.seq, packet.ack)
        ip = ipv4_packet(packet.src, packet.dst, TCP, rule.ttl, to_server)
        self.later(0.0012, self.server, packet.frame[:14] + ip)

    def answer(self, packet, rule):
        """What a filter or portal says in the server's name."""
        self.blackholes.add(packet.flow())
        end = packet.seq + len(packet.payload)
        ports = (packet.dport, packet.sport)
        segment = tcp_segment(
            packet.dst, packet.src, ports, packet.ack, end, FIN_PSH_ACK, rule.text
        )
        ip = ipv4_packet(packet.dst, packet.src, TCP, rule.ttl, segment, 0x2B17)
        self.later(0.0012, self.device, ethernet_reply(packet.frame, IPV4) + ip)

    def cut(self, packet):
        """True when the connection has had its share of bytes."""
        entry = self.cuts.get((packet.dst, packet.dport, packet.src, packet.sport))
        if entry is None:
            return False
        entry[0] -= len(packet.payload)
        if entry[0] > 0:
            return False
        asked, rule = entry[1:]
        asked.seq += len(asked.payload)
        asked.payload = b""
        asked.ack = packet.seq
        self.reset(asked, rule)
        return True

    def prohibit(self, packet):
        quoted = packet.frame[14 : 14 + 28]
        body = struct.pack("!BBHI", 3, 13, 0, 0) + quoted
        body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
        ip = ipv4_packet(GATEWAY, packet.src, 1, 64, body, 0x3A21)
        self.later(SITE_DELAY, self.device, ethernet_reply(packet.frame, IPV4) + ip)

    def refused(self, packet):
        """True when a rule took the packet away."""
        if packet.flow() in self.blackholes:
            return True
        rule = next((r for r in self.rules if r.matches(packet)), None)
        if rule is None:
            return False
        rule.left -= 1
        if rule.do == "cut":
            self.cuts[packet.flow()] = [rule.after, packet, rule]
            return False
        if rule.do == "reset":
            self.reset(packet, rule)
        elif rule.do == "icmp":
            self.prohibit(packet)
        elif rule.do == "answer":
            self.answer(packet, rule)
        elif rule.do == "blackhole":
            self.blackholes.add(packet.flow())
        elif rule.do == "gone":
            self.gone = (rule, time.monotonic() + rule.lasts)
        return True

    def from_device(self, frame):
        packet = Packet(frame)
        if self.is_gone(packet) or self.refused(packet):
            return
        if not packet.to_site() and self.loses(packet):
            return
        near = self.near and packet.proto == TCP and packet.dport == HTTPS
        self.later(
            SITE_DELAY if near or packet.to_site() else self.far(packet.dst), self.server, frame
        )

    def from_server(self, frame):
        packet = Packet(frame)
        if self.is_gone(packet) or any(r.matches(packet) for r in self.back):
            return
        if packet.from_site() or packet.src.is_link_local:
            self.later(SITE_DELAY, self.device, frame)
        elif (packet.dst, packet.dport, packet.src, packet.sport) in self.blackholes:
            return
        elif self.near and packet.proto == TCP and packet.sport == HTTPS:
            wait = 3 * delay_to(packet.src) if packet.payload else SITE_DELAY
            self.later(wait, self.device, age(packet, 1))
        elif not self.loses(packet) and not self.cut(packet):
            self.later(self.far(packet.src), self.device, age(packet))

    def run(self):
        while True:
            timeout = max(0, self.queue[0][0] - time.monotonic()) if self.queue else None
            ready, _, _ = select.select([self.device, self.server], [], [], timeout)
            for sock in ready:
                frame, address = sock.recvfrom(65535)
                if address[2] == PACKET_OUTGOING:
                    continue
                if sock is self.device:
                    self.from_device(frame)
                else:
                    self.from_server(frame)
            while self.queue and self.queue[0][0] <= time.monotonic():
                _, _, sock, frame = heapq.heappop(self.queue)
                sock.send(frame)


def main():
    device_side, server_side, rules_file = sys.argv[1:]
    with open(rules_file, encoding="utf-8") as file:
        rules = [Rule(spec) for spec in json.load(file)]
    Forwarder(device_side, server_side, rules).run()


if __name__ == "__main__":
    main()
