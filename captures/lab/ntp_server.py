"""ntp_server: a small NTP server (RFC 5905) that can also misbehave.

SPDX-License-Identifier: MIT

usage: ntp_server.py ADDRESS [ADDRESS...] --mode good|kiss|unsynchronized|wrong
"""

import argparse
import selectors
import socket
import struct
import time

NTP_EPOCH = 2208988800
MODE_CLIENT = 3
MODE_SERVER = 4
WRONG = -3 * 3600  # seconds


def ntp_time(seconds):
    return struct.pack("!Q", int((seconds + NTP_EPOCH) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF)


def reply_to(request, mode, received):
    """The answer to one client packet, or None where it is none."""
    if len(request) < 48 or request[0] & 7 != MODE_CLIENT:
        return None
    version = request[0] >> 3 & 7
    leap, stratum, reference = 0, 3, socket.inet_aton("198.18.11.1")
    if mode == "kiss":
        leap, stratum, reference = 3, 0, b"RATE"
    elif mode == "unsynchronized":
        leap, stratum, reference = 3, 16, b"INIT"
    if mode == "wrong":
        received += WRONG
    head = struct.pack("!BBBb", leap << 6 | version << 3 | MODE_SERVER, stratum, request[2], -23)
    head += struct.pack("!II", 0x0000048F, 0x00000A12) + reference
    reference_time = bytes(8) if stratum in (0, 16) else ntp_time(received - 37.25)
    originate = request[40:48]
    return head + reference_time + originate + ntp_time(received) + ntp_time(received + 1e-5)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address", nargs="+")
    parser.add_argument("--mode", choices=["good", "kiss", "unsynchronized", "wrong"], default="good")
    args = parser.parse_args()
    selector = selectors.DefaultSelector()
    for address in args.address:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.bind((address, 123))
        selector.register(sock, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            data, client = key.fileobj.recvfrom(512)
            reply = reply_to(data, args.mode, time.time())
            if reply:
                key.fileobj.sendto(reply, client)


if __name__ == "__main__":
    main()
