"""link_layer: what a device says below IP: DHCP by a real client, 802.1X by a real supplicant, and
ARP announcements, which are made here and sent through a raw socket.

SPDX-License-Identifier: MIT
"""

import os
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


def supplicant(folder, password):
    """802.1X on the wire (EAP-MD5), in the background until the device ends."""
    conf = Path(folder) / "supplicant.conf"
    conf.write_text(
        "ap_scan=0\neapol_version=2\nnetwork={\n key_mgmt=IEEE8021X\n eap=MD5\n"
        f' identity="device"\n password="{password}"\n eapol_flags=0\n}}\n',
        encoding="utf-8",
    )
    return subprocess.Popen(["wpa_supplicant", "-D", "wired", "-i", "eth0", "-c", str(conf)])
