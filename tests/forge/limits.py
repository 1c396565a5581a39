"""limits: what a capture has not.

SPDX-License-Identifier: MIT

Nothing happened to the traffic: the receivers had what is missing here. A report must not blame anybody.
"""
import headers
import talks
from frames import MS, NS
from recipes import dice, recipe


# ---- directions ----

def _from_client(frame, addresses, macs):
    p = headers.parse(frame)
    return p.src in addresses if p is not None else bytes(frame.data[6:12]) in macs


def _one_way(capture, keep_client):
    addresses, macs = talks.clients(capture)
    return capture.with_frames([f for f in capture.frames
                                if _from_client(f, addresses, macs) == keep_client])


@recipe('one-way-out')
def one_way_out(capture):
    """only what the devices send"""
    return _one_way(capture, True)


@recipe('one-way-in')
def one_way_in(capture):
    """only what the devices are sent"""
    return _one_way(capture, False)


def _some_one_way(capture, keep_client, share):
    """Of one server in `share` only one direction, as with asymmetric routes."""
    found = [t for t in talks.talks(capture) if t.is_tcp]
    servers = sorted({t.server[0] for t in found})
    chosen = set(servers[share - 1::share])
    gone = [i for t in found if t.server[0] in chosen
            for i, _, from_client in t.packets if from_client != keep_client]
    return talks.without(capture, gone)


@recipe('some-one-way-out')
def some_one_way_out(capture, share=3):
    """of the connections to one server in so many only what the devices send"""
    return _some_one_way(capture, True, share)


@recipe('some-one-way-in')
def some_one_way_in(capture, share=3):
    """of the connections to one server in so many only what the devices are sent"""
    return _some_one_way(capture, False, share)


# ---- bytes, packets ----

@recipe('snaplen')
def snaplen(capture, n=64):
    """packets cut to so many bytes"""
    frames = []
    for f in capture.frames:
        frame = f.at(f.ts)
        frame.data = f.data[:n]
        frames.append(frame)
    return capture.with_frames(frames)


@recipe('loss')
def loss(capture, percent=3):
    """so many of a hundred packets were not captured, at random"""
    rng = dice('loss', percent, len(capture.frames))
    return capture.with_frames([f for f in capture.frames if rng.random() * 100 >= percent])


@recipe('loss-bulk')
def loss_bulk(capture, percent=30):
    """so many of a hundred large packets were not captured"""
    rng = dice('loss-bulk', percent, len(capture.frames))
    return capture.with_frames([f for f in capture.frames
                                if f.wire < 1000 or rng.random() * 100 >= percent])


@recipe('hole')
def hole(capture, ms=400, percent=50):
    """nothing was captured for so long, from so far into the capture on"""
    if not capture.frames:
        return capture
    first, last = capture.frames[0].ts, capture.frames[-1].ts
    start = first + (last - first) * percent // 100
    return capture.with_frames([f for f in capture.frames
                                if not start <= f.ts < start + ms * MS])


@recipe('lost-tail-uncaptured')
def lost_tail_uncaptured(capture):
    """the last segment with data of each direction of each connection was not captured"""
    gone = []
    for t in talks.talks(capture):
        for side in (True, False):
            data = [i for i, p, from_client in t.packets
                    if t.is_tcp and from_client == side and p.payload_len > 0]
            gone += data[-1:]
    return talks.without(capture, gone)


# ---- time ----

@recipe('late')
def late(capture, percent=40):
    """begins when so many of a hundred packets are over"""
    return capture.with_frames(capture.frames[len(capture.frames) * percent // 100:])


@recipe('late-flows')
def late_flows(capture, n=12):
    """begins in the middle of the so many-th connection: nothing is seen before its second packet"""
    found = talks.talks(capture)
    chosen = found[min(n, len(found)) - 1] if found else None
    start = chosen.packets[min(3, len(chosen.packets) - 1)][0] if chosen else 0
    return capture.with_frames(capture.frames[start:])


@recipe('early')
def early(capture, percent=60):
    """ends when so many of a hundred packets came"""
    return capture.with_frames(capture.frames[:len(capture.frames) * percent // 100])


@recipe('clock-back')
def clock_back(capture, seconds=30, percent=50):
    """the capturing clock is set back by so much, so far into the capture"""
    at = len(capture.frames) * percent // 100
    return capture.with_frames([f if i < at else f.at(f.ts - seconds * NS)
                                for i, f in enumerate(capture.frames)])
