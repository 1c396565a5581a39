"""link_layer: what a device says below IP: DHCP by a real client, 802.1X by a real supplicant, and
ARP announcements, which are made here and sent through a raw socket. The kernel looks for IPv6 routers
and makes addresses; DHCPv6 is spoken here, with Windows' options, through a UDP socket.

SPDX-License-Identifier: MIT
"""

import os
import random
import select
import socket
import struct
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "DESKTOP-7Q2LM4V"
VENDOR = "MSFT 5.0"
ASKED = ("router", "dns", "domain", "ntpsrv", "search", "staticroutes", "114", "wpad")
BROADCAST = b"\xff" * 6


def dhcp(lease_file, tries, wait, user_class="", probe=False):
    """Asks for an address as Windows does. Returns the resolvers, None without a lease."""
    command = ["udhcpc", "-i", "eth0", "-f", "-q", "-n", "-s", str(HERE / "lease.sh")]
    command += ["-t", str(tries), "-T", str(wait), "-A", "3", "-V", VENDOR]
    command += ["-x", f"hostname:{NAME}", "-F", NAME]
    for option in ASKED:
        command += ["-O", option]
    if user_class:
        command += ["-x", "77:%02x%s" % (len(user_class), user_class.encode().hex())]
    if probe:
        command.append("-a")
    Path(lease_file).unlink(missing_ok=True)
    subprocess.run(command, check=False, env={**os.environ, "LEASE": str(lease_file)})
    try:
        return Path(lease_file).read_text(encoding="utf-8").split()
    except OSError:
        return None


def announce(address, times, every):
    """Gratuitous ARP for an address (RFC 5227 section 3)."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind(("eth0", 0))
        mac = sock.getsockname()[4]
        ip = socket.inet_aton(address)
        arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + ip + bytes(6) + ip
        for _ in range(times):
            sock.send(BROADCAST + mac + b"\x08\x06" + arp)
            time.sleep(every)


def self_assign():
    """An address of RFC 3927, announced twice."""
    address = "169.254.83.107"
    subprocess.run(["ip", "addr", "add", address + "/16", "dev", "eth0"], check=True)
    announce(address, 2, 2)


# ---- IPv6 ----

SOLICIT, ADVERTISE, REQUEST, REPLY, INFORMATION_REQUEST = 1, 2, 3, 7, 11
CLIENT_ID, SERVER_ID, IA_NA, IA_ADDR, ORO, ELAPSED, VENDOR_CLASS, RESOLVERS = 1, 2, 3, 5, 6, 8, 16, 23
ALL_SERVERS = ("ff02::1:2", 547)


def seek_router():
    """Switches IPv6 on: the kernel looks for routers and takes what they advertise."""
    for name, value in (("accept_ra", 2), ("router_solicitations", 3), ("disable_ipv6", 0)):
        path = Path(f"/proc/sys/net/ipv6/conf/eth0/{name}")
        path.write_text(f"{value}\n", encoding="ascii")
    time.sleep(3)


def option(code, value):
    return struct.pack("!HH", code, len(value)) + value


def options_of(data):
    found, at = {}, 0
    while at + 4 <= len(data):
        code, length = struct.unpack("!HH", data[at : at + 4])
        found[code] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return found


class Dhcp6:
    """A client as Windows has it: it asks again after 1, 2, 4, ... seconds."""

    def __init__(self, tries):
        self.tries = tries
        mac = Path("/sys/class/net/eth0/address").read_text(encoding="ascii").strip()
        self.duid = struct.pack("!HHI", 1, 1, 0x2C5E9A10) + bytes.fromhex(mac.replace(":", ""))
        self.sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.sock.bind(("::", 546, 0, socket.if_nametoindex("eth0")))

    def ask(self, kind, more=b""):
        """One request until it is answered; the options of the answer, {} without."""
        xid = struct.pack("!I", kind << 24 | random.randrange(1 << 24))
        vendor = struct.pack("!IH", 311, len(VENDOR)) + VENDOR.encode()
        begun, wait = time.monotonic(), 1
        for _ in range(self.tries):
            elapsed = struct.pack("!H", int((time.monotonic() - begun) * 100))
            message = xid + option(ELAPSED, elapsed) + option(CLIENT_ID, self.duid) + more
            message += option(VENDOR_CLASS, vendor) + option(ORO, struct.pack("!HH", 23, 24))
            self.sock.sendto(message, (*ALL_SERVERS, 0, socket.if_nametoindex("eth0")))
            if select.select([self.sock], [], [], wait)[0]:
                return options_of(self.sock.recv(4096)[4:])
            wait *= 2
        return {}

    def address(self):
        """An address and what comes with it."""
        association = option(IA_NA, struct.pack("!III", 0x0200155D, 0, 0))
        offer = self.ask(SOLICIT, association)
        if IA_NA not in offer:
            return {}
        granted = self.ask(
            REQUEST, option(SERVER_ID, offer[SERVER_ID]) + option(IA_NA, offer[IA_NA])
        )
        data = options_of(granted[IA_NA][12:])[IA_ADDR]
        text = socket.inet_ntop(socket.AF_INET6, data[:16]) + "/128"
        subprocess.run(["ip", "addr", "add", text, "dev", "eth0", "nodad"], check=True)
        return granted


def dhcp6(kind, tries):
    """Returns the resolvers; none without an answer."""
    client = Dhcp6(tries)
    got = client.address() if kind == "address" else client.ask(INFORMATION_REQUEST)
    data = got.get(RESOLVERS, b"")
    return [
        socket.inet_ntop(socket.AF_INET6, data[at : at + 16]) for at in range(0, len(data), 16)
    ]


def supplicant(folder, password):
    """802.1X on the wire (EAP-MD5), in the background until the device ends."""
    conf = Path(folder) / "supplicant.conf"
    conf.write_text(
        "ap_scan=0\neapol_version=2\nnetwork={\n key_mgmt=IEEE8021X\n eap=MD5\n"
        f' identity="device"\n password="{password}"\n eapol_flags=0\n}}\n',
        encoding="utf-8",
    )
    return subprocess.Popen(["wpa_supplicant", "-D", "wired", "-i", "eth0", "-c", str(conf)])
