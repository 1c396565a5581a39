"""split: writes a long list of routes into the answers of a DHCP server, in two parts.

SPDX-License-Identifier: MIT

The lab's DHCP server writes no option twice, and large sites' servers do (RFC 3396). The recording is
real; afterwards the router (option 3) of each offer and acknowledgement is taken out and stands as the
last of many routes (option 121, RFC 3442) instead, behind the 255 bytes that one instance holds.
"""

import struct

from vlan import dhcp_options

OPTIONS_AT = 282  # in a frame without tags
ROUTER, ROUTES, END = 3, 121, 255
SITES = 32  # routes of 8 bytes: more than one instance holds
ANSWER = {b"\x35\x01\x02", b"\x35\x01\x05"}


def each_option(options):
    at = 0
    while at < len(options) and options[at] != END:
        if options[at] == 0:
            at += 1
            continue
        end = at + 2 + options[at + 1]
        yield options[at], options[at + 2 : end]
        at = end


def routes(router):
    sites = b"".join(bytes([24, 10, 40, site]) + router for site in range(SITES))
    return sites + b"\0" + router


def rewritten(options):
    out = b""
    for code, value in each_option(options):
        if code != ROUTER:
            out += bytes([code, len(value)]) + value
            continue
        value = routes(value)
        for part in value[:255], value[255:]:
            out += bytes([ROUTES, len(part)]) + part
    return out + bytes([END])


def checksum(header):
    total = sum(struct.unpack("!10H", header))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def answer(frame):
    """The frame with its options rewritten; its UDP checksum is left out, as IPv4 allows."""
    options = dhcp_options(frame)
    if options[:3] not in ANSWER:
        return frame
    head, options = bytearray(frame[:OPTIONS_AT]), rewritten(options)
    length = OPTIONS_AT - 14 + len(options)
    head[16:18] = struct.pack("!H", length)
    head[24:26] = bytes(2)
    head[24:26] = struct.pack("!H", checksum(bytes(head[14:34])))
    head[38:42] = struct.pack("!HH", length - 20, 0)
    return bytes(head) + options


def split(source, target):
    """Copies a classic pcap file with the answers rewritten."""
    data = source.read_bytes()
    out, pos = [data[:24]], 24
    while pos < len(data):
        seconds, micros, captured, _ = struct.unpack("<IIII", data[pos : pos + 16])
        frame = answer(data[pos + 16 : pos + 16 + captured])
        pos += 16 + captured
        out.append(struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame)
    target.write_bytes(b"".join(out))
