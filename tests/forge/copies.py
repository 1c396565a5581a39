"""copies: packets that the capture holds more than once, or in another order.

SPDX-License-Identifier: MIT

A mirror that copies two ports or two VLANs sees a packet on its way in and on its way out.
"""
import struct

import headers
from frames import MS, US
from recipes import dice, recipe

GATEWAY_MACS = bytes.fromhex('00005e000101'), bytes.fromhex('00005e000102')


def _doubled(capture, make, least, most, seed):
    """Each frame, and after least to most nanoseconds what make() turns it into."""
    rng = dice(seed, len(capture.frames))
    frames = []
    for f in capture.frames:
        frames.append(f)
        copy = make(f.at(f.ts + rng.randint(least, most)))
        if copy:
            frames.append(copy)
    return capture.in_order(frames)


@recipe('dup')
def dup(capture, us=150):
    """every packet a second time, up to so many microseconds later"""
    return _doubled(capture, lambda f: f, US, us * US, 'dup')


@recipe('dup-late')
def dup_late(capture, ms=8):
    """the same up to so many milliseconds later: answers come in between"""
    return _doubled(capture, lambda f: f, MS, ms * MS, 'dup-late')


@recipe('dup-thrice')
def dup_thrice(capture):
    """every packet three times within microseconds, as several filter layers of a host show it"""
    frames = [f.at(f.ts + i * 2 * US) for f in capture.frames for i in range(3)]
    return capture.in_order(frames)


def routed(frame):
    """The frame behind a router: other MACs, one hop less. What no router passes is None."""
    p = headers.parse(frame)
    if p is None or p.ttl < 2 or p.proto == headers.ICMPV6 and 133 <= p.data[p.l4] <= 137:
        return None
    p.data[0:12] = GATEWAY_MACS[0] + GATEWAY_MACS[1]
    p.set_ttl(p.ttl - 1)
    return p.done()


@recipe('dup-routed')
def dup_routed(capture, us=150):
    """every packet a second time behind a router: other MACs, TTL one less"""
    return _doubled(capture, routed, 10 * US, us * US, 'dup-routed')


def tagged(frame, tags):
    return frame.with_data(frame.data[:12] + b''.join(struct.pack('!HH', t, v) for t, v in tags)
                           + frame.data[12:])


@recipe('dup-vlan')
def dup_vlan(capture, us=150):
    """every packet a second time with a VLAN tag"""
    return _doubled(capture, lambda f: tagged(f, [(0x8100, 20)]), 10 * US, us * US, 'dup-vlan')


@recipe('dup-two-vlans')
def dup_two_vlans(capture, us=400):
    """every packet in VLAN 10, and routed in VLAN 20"""
    def second(frame):
        other = routed(frame)
        return other and tagged(other, [(0x8100, 20)])
    doubled = _doubled(capture, second, 10 * US, us * US, 'dup-two-vlans')
    return doubled.with_frames([f if headers.u16(f.data, 12) == 0x8100
                                else tagged(f, [(0x8100, 10)]) for f in doubled.frames])


@recipe('reorder')
def reorder(capture, ms=2, percent=40):
    """neighbouring packets within so many milliseconds swapped; each keeps its place's time"""
    rng = dice('reorder', len(capture.frames))
    frames = list(capture.frames)
    i = 0
    while i + 1 < len(frames):
        a, b = frames[i], frames[i + 1]
        if b.ts - a.ts <= ms * MS and rng.random() * 100 < percent:
            frames[i], frames[i + 1] = b.at(a.ts), a.at(b.ts)
            i += 1
        i += 1
    return capture.with_frames(frames)
