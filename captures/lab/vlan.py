"""vlan: writes 802.1Q tags into a recording, as the trunk of a switch would show them.

SPDX-License-Identifier: MIT

The lab has no switch with VLANs. Its recordings of a device that changes its network are real, the
tags are put in afterwards: one VLAN until the device asks for its second address, another from then on.
"""

import struct

DISCOVER = b"\x35\x01\x01"
ACK = b"\x35\x01\x05"


def dhcp_options(frame):
    """The options of a DHCP frame (Ethernet, IPv4 without options, UDP), or nothing."""
    is_udp = len(frame) > 282 and frame[12:14] == b"\x08\x00" and frame[23] == 17
    return frame[282:] if is_udp and {67, 68} & set(struct.unpack("!HH", frame[34:38])) else b""


def tag(source, target, first, second):
    """Copies a classic pcap file with tags: `first`, and `second` from the first DHCPDISCOVER after an ACK."""
    data = source.read_bytes()
    out, pos, vlan, acked = [data[:24]], 24, first, False
    while pos < len(data):
        seconds, micros, captured, length = struct.unpack("<IIII", data[pos : pos + 16])
        frame = data[pos + 16 : pos + 16 + captured]
        pos += 16 + captured
        options = dhcp_options(frame)
        acked |= ACK in options[:3]
        if acked and DISCOVER in options[:3]:
            vlan = second
        frame = frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:]
        out.append(struct.pack("<IIII", seconds, micros, captured + 4, length + 4) + frame)
    target.write_bytes(b"".join(out))
