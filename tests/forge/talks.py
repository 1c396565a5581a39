"""talks: who speaks with whom in a capture.

SPDX-License-Identifier: MIT
"""
import headers

SERVER_PORTS = {53, 67, 80, 123, 443, 853, 3128, 8080}


class Talk:
    """The packets of one 5-tuple: (index in the capture, Packet, from the client)."""

    def __init__(self, client, server):
        self.client, self.server = client, server  # (address, port)
        self.packets = []

    @property
    def is_tcp(self):
        return self.packets[0][1].proto == headers.TCP

    def indexes(self):
        return [i for i, _, _ in self.packets]

    def hello(self, name):
        """-> place in `packets` of the client's packet that carries the name; None without."""
        for at, (_, p, from_client) in enumerate(self.packets):
            if from_client and name in p.payload:
                return at
        return None


def _client_sends(p):
    if p.proto == headers.TCP and p.flags & headers.SYN:
        return not p.flags & headers.ACK
    return p.sport not in SERVER_PORTS or p.dport in SERVER_PORTS


def talks(capture):
    """All of them, in order of their first packet."""
    found = {}
    for i, f in enumerate(capture.frames):
        p = headers.parse(f)
        if p is None or not p.has_ports:
            continue
        talk = found.get(p.flow)
        if talk is None:
            ends = p.ends if _client_sends(p) else p.ends[::-1]
            talk = found[p.flow] = Talk(*ends)
        talk.packets.append((i, p, p.ends[0] == talk.client))
    return list(found.values())


def clients(capture):
    """The addresses that ask, and their MACs."""
    addresses = {t.client[0] for t in talks(capture)}
    macs = set()
    for f in capture.frames:
        p = headers.parse(f)
        if p is not None and p.src in addresses:
            macs.add(bytes(f.data[6:12]))
    return addresses, macs


def without(capture, gone, more=()):
    """The capture without the frames of these indexes, with some more."""
    gone = set(gone)
    frames = [f for i, f in enumerate(capture.frames) if i not in gone]
    return capture.in_order(frames + list(more))


# ---- what DNS messages say ----

def question(message):
    """-> the name asked for, where the question ends; None for what is no message"""
    if len(message) < 17:
        return None
    labels, at = [], 12
    while at < len(message) and 0 < message[at] < 64:
        labels.append(message[at + 1:at + 1 + message[at]])
        at += 1 + message[at]
    end = at + 5
    return (b'.'.join(labels).decode('latin-1').lower(), end) if end <= len(message) else None
