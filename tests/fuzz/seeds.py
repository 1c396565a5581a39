#!/usr/bin/env python3
"""Makes inputs of the fuzz target `engine` from captures.

SPDX-License-Identifier: MIT

seeds.py OUT CAPTURE...   one input for each connection of a capture, with what the device was told by its resolver;
                          each a second time for two subjects

Many of them show the same: fuzz_engine -set_cover_merge=1 -use_counters=0 tests/fuzz/seeds/engine OUT keeps those that reach something new.
"""
import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'forge'))
import frames   # noqa: E402
import headers  # noqa: E402

LINKS = [1, 101, 113, 276, 0, 108, 127, 105]
BYTES_MAX = 1600   # of an input: small ones run fast
FRAME_MAX = 1514    # longer ones are cut, as a snap length would
CUT = 0x8000
MANY = 0x40         # in the first byte


def record(frame, gap_ms):
    data = frame.data[:FRAME_MAX]
    cut = CUT if frame.wire > len(data) else 0
    return (len(data) | cut).to_bytes(2, 'big') + min(gap_ms, 0xffff).to_bytes(2, 'big') + data


def input_of(some):
    """What fits of these frames, and a last moment ten seconds later."""
    out = bytes([LINKS.index(some[0].link)])
    last = some[0].ts
    for frame in some:
        piece = record(frame, max(0, frame.ts - last) // frames.MS)
        if len(out) + len(piece) > BYTES_MAX:
            break
        out += piece
        last = frame.ts
    return out + record(some[0].with_data(some[0].data[:14]), 10000)


def key_of(frame):
    packet = headers.parse(frame)
    if packet is None or packet.proto not in (6, 17):
        return 'rest', False
    ends = sorted(((packet.src, packet.sport), (packet.dst, packet.dport)))
    return str(ends), 53 in (packet.sport, packet.dport)


def conversations(capture):
    """Frames of each connection; those of a resolver in one."""
    found = {}
    for frame in capture.frames:
        key, resolver = key_of(frame)
        found.setdefault('dns' if resolver else key, []).append(frame)
    return found


def inputs(capture):
    found = conversations(capture)
    names = found.get('dns', [])
    for key, some in found.items():
        yield some
        if key not in ('dns', 'rest'):
            yield sorted(names[:6] + some, key=lambda f: f.ts)
    for start in range(0, len(capture.frames), 25):
        yield capture.frames[start:start + 25]


def main(args):
    if len(args) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    os.makedirs(args[0], exist_ok=True)
    for path in args[1:]:
        for some in inputs(frames.read(path)):
            one = input_of(some)
            for data in one, bytes([one[0] | MANY]) + one[1:]:
                name = '%s-%s' % (os.path.basename(path).split('.')[0], hashlib.sha256(data).hexdigest()[:8])
                with open(os.path.join(args[0], name), 'wb') as f:
                    f.write(data)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
