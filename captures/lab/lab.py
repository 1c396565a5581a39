"""lab: records the sample captures in network namespaces.

SPDX-License-Identifier: MIT

usage: lab.py OUTPUT_FOLDER [NAME...]

For each scenario:

    device(s) --- bridge --- uplink = fw0 [forwarder] wan0 --- i0 servers
                                      ^ recorded here

all in namespaces of their own, so that nothing leaves this machine and scenarios run side by side.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import scenarios
import servers
import split
import vlan
from pki import Pki

HERE = Path(__file__).resolve().parent
AT_ONCE = 3
LIMIT = 90
GATEWAY_MAC = "00:00:5e:00:01:0a"
SERVER_SIDE = """
addr add 10.20.0.1/24 dev i0
addr add 10.20.0.2/24 dev i0
addr add 10.20.0.8/24 dev i0
addr add 10.20.0.80/24 dev i0
addr add 10.30.0.1/24 dev i0
-6 addr add 2001:db8:20::1/64 dev i0 nodad
-6 addr add 2001:db8:20::8/64 dev i0 nodad
link set i0 up
route add local 198.18.0.0/15 dev lo table main
route add local 203.0.113.0/24 dev lo table main
-6 route add local 2001:db8::/32 dev lo table main
"""


def ip(*words, check=True):
    subprocess.run(["ip", *words], check=check)


class Room:
    """The namespaces and processes of one scenario."""

    def __init__(self, scenario, number, pki, work):
        self.scenario = scenario
        self.pki = pki
        self.folder = work / scenario.name
        self.folder.mkdir()
        self.prefix = f"oobelab{os.getpid()}x{number}"
        self.names = []
        self.processes = []

    def namespace(self, tag):
        name = f"{self.prefix}{tag}"
        ip("netns", "add", name)
        self.names.append(name)
        ip("-n", name, "link", "set", "lo", "up")
        return name

    def sysctl(self, name, *settings):
        command = ["ip", "netns", "exec", name, "sysctl", "-q", "-w", *settings]
        subprocess.run(command, check=True)

    def spawn(self, name, command, log):
        with open(self.folder / log, "wb") as out:
            process = subprocess.Popen(
                ["ip", "netns", "exec", name, *command],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        self.processes.append(process)
        return process

    @staticmethod
    def plain_link(name, interface):
        """Frames leave as they would on a wire: with checksums, not bigger than the MTU."""
        command = ["ip", "netns", "exec", name, "ethtool", "-K", interface]
        command += ["tx", "off", "tso", "off", "gso", "off", "gro", "off"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def build(self):
        self.middle = self.namespace("m")
        self.inside = self.namespace("i")
        quiet = ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"]
        self.sysctl(self.middle, *quiet)
        on_middle = ["-n", self.middle]
        ip(*on_middle, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        # 802.1X goes to an address that bridges keep for themselves.
        ip(*on_middle, "link", "set", "br0", "type", "bridge", "group_fwd_mask", "8")
        ip(*on_middle, "link", "add", "uplink", "type", "veth", "peer", "name", "fw0")
        ip(*on_middle, "link", "add", "wan0", "type", "veth", "peer", "name", "i0")
        ip(*on_middle, "link", "set", "uplink", "master", "br0")
        self.sysctl(
            self.inside,
            "net.ipv6.ip_nonlocal_bind=1",
            "net.ipv4.ip_nonlocal_bind=1",
            "net.ipv6.conf.default.router_solicitations=0",
            "net.ipv6.conf.all.accept_dad=0",
            "net.ipv6.conf.default.accept_dad=0",
        )
        if "enable-ra" in self.scenario.servers.dhcp:  # what advertises itself says so to neighbours
            self.sysctl(self.inside, "net.ipv6.conf.all.forwarding=1")
        ip(*on_middle, "link", "set", "i0", "netns", self.inside)
        ip("-n", self.inside, "link", "set", "i0", "address", GATEWAY_MAC)
        for line in [*SERVER_SIDE.strip().splitlines(), *self.scenario.inside]:
            ip("-n", self.inside, *line.split())
        self.plain_link(self.inside, "i0")
        self.clients = [self.client(i, d) for i, d in enumerate(self.scenario.devices)]
        for interface in ("br0", "uplink", "fw0", "wan0"):
            ip(*on_middle, "link", "set", interface, "up")
            self.plain_link(self.middle, interface)

    def client(self, number, device):
        name = self.namespace(f"d{number}")
        settings = ["net.ipv4.ip_default_ttl=128", "net.ipv4.tcp_timestamps=0"]
        settings += ["net.ipv4.tcp_syn_linear_timeouts=0"]
        settings += ["net.ipv6.conf.default.hop_limit=128", "net.ipv6.conf.default.accept_dad=0"]
        settings += ["net.ipv6.conf.default.router_solicitations=0"]
        if device.options.get("mtu_probing"):
            settings.append("net.ipv4.tcp_mtu_probing=1")
        if not device.ipv6:
            settings.append("net.ipv6.conf.default.disable_ipv6=1")
        self.sysctl(name, *settings)
        port = f"port{number}"
        on_middle = ["-n", self.middle]
        ip(*on_middle, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip(*on_middle, "link", "set", port, "master", "br0", "up")
        ip("-n", name, "link", "set", "eth0", "address", device.mac, "up")
        self.plain_link(name, "eth0")
        if "arp_ms" in device.options:  # how long a neighbour is believed to be there
            reachable = f"net.ipv4.neigh.eth0.base_reachable_time_ms={device.options['arp_ms']}"
            self.sysctl(name, reachable)
        if device.ipv4:
            ip("-n", name, "addr", "add", device.ipv4 + "/24", "dev", "eth0")
            ip("-n", name, "route", "add", "default", "via", "10.20.0.1")
        if device.ipv6:
            ip("-n", name, "addr", "add", device.ipv6 + "/64", "dev", "eth0", "nodad")
            ip("-n", name, "-6", "route", "add", "default", "via", "2001:db8:20::1")
        return name

    def record(self, path):
        command = ["tcpdump", "-Z", "root", "-U", "--immediate-mode", "-n", "-i", "fw0"]
        command += ["-w", str(path), *self.scenario.tcpdump]
        process = self.spawn(self.middle, command, "capture.log")
        for _ in range(100):
            text = (self.folder / "capture.log").read_text(encoding="utf-8", errors="replace")
            if "listening on" in text:
                return process
            time.sleep(0.1)
        raise RuntimeError("the capture program did not start")

    def forward(self):
        rules = self.folder / "rules.json"
        rules.write_text(json.dumps(self.scenario.rules), encoding="utf-8")
        command = [sys.executable, str(HERE / "forwarder.py"), "fw0", "wan0", str(rules)]
        self.spawn(self.middle, command, "forwarder.log")

    def plan(self, number, device):
        trust = device.options.get("trust_gateway")
        plan = {
            "steps": device.steps,
            "resolvers": self.scenario.servers.resolvers,
            "suffix": scenarios.SUFFIX,
            "roots": str(self.pki.roots_file if trust else self.pki.public_roots_file),
            "lease": str(self.folder / f"lease{number}"),
            "linger": 1.5,
            **device.options,
        }
        path = self.folder / f"plan{number}.json"
        path.write_text(json.dumps(plan), encoding="utf-8")
        return path

    def run(self, path):
        self.build()

        def spawn(command):
            log = f"{len(self.processes)}-{Path(command[0]).name}.log"
            return self.spawn(self.inside, command, log)

        servers.Farm(
            self.folder, self.scenario.servers, self.pki, servers.load_hosts(), spawn
        ).start()
        self.forward()
        time.sleep(3)
        dead = [p.args[4:] for p in self.processes if p.poll() is not None]
        if dead:
            raise RuntimeError(f"did not start: {dead}")
        capture = self.record(path)
        devices = []
        for number, device in enumerate(self.scenario.devices):
            command = [sys.executable, str(HERE / "device.py"), str(self.plan(number, device))]
            if device.clock:
                command = ["faketime", "-f", device.clock, *command]
            devices.append(self.spawn(self.clients[number], command, f"device{number}.log"))
        for process in devices:
            if process.wait(LIMIT) != 0:
                raise RuntimeError("a device failed")
        time.sleep(0.5)
        capture.send_signal(signal.SIGINT)
        capture.wait(10)

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for name in self.names:
            ip("netns", "del", name, check=False)


def to_pcapng(path):
    """The same packets as pcapng; recorded so, the file would tell about this machine."""
    fresh = path.with_suffix(".pcapng")
    command = ["editcap", "-F", "pcapng", "--capture-comment", path.stem, str(path), str(fresh)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return fresh


def record(scenario, number, pki, work, output):
    """Returns what went wrong, or an empty string."""
    fresh = work / (scenario.name + ".pcap")
    room = Room(scenario, number, pki, work)
    try:
        room.run(fresh)
        if scenario.pcapng:
            fresh = to_pcapng(fresh)
        if scenario.vlans:
            vlan.tag(fresh, fresh, *scenario.vlans)
        if scenario.split:
            split.split(fresh, fresh)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return f"{scenario.name}: {error}; logs are in {room.folder}"
    finally:
        room.close()
    shutil.move(fresh, output / fresh.name)
    os.chmod(output / fresh.name, 0o644)
    return ""


def main():
    output, wanted = Path(sys.argv[1]).resolve(), set(sys.argv[2:])
    chosen = [s for s in scenarios.all_scenarios() if not wanted or s.name in wanted]
    if wanted - {s.name for s in chosen}:
        sys.exit(f"no such scenario: {' '.join(wanted - {s.name for s in chosen})}")
    work = Path(tempfile.mkdtemp(prefix="oobelab-"))
    work.chmod(0o755)  # squid gives its privileges up
    pki = Pki(work / "pki")
    (work / "pki" / "lab.crl").write_bytes(pki.authorities["digicert"].crl())
    (work / "pki" / "lab.ocsp").write_bytes(pki.ocsp("digicert"))
    lock = threading.Lock()
    stop = threading.Event()
    failures = []

    def task(numbered):
        number, scenario = numbered
        if stop.is_set():
            return
        problem = record(scenario, number, pki, work, output)
        with lock:
            print(f"  {'FAILED' if problem else 'ok':7} {scenario.name}", flush=True)
            if problem:
                failures.append(problem)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            list(pool.map(task, enumerate(chosen)))
        except KeyboardInterrupt:
            stop.set()  # those under way end and clean up
            failures.append("interrupted")
    for problem in failures:
        print(problem, file=sys.stderr)
    if failures in ([], ["interrupted"]):
        shutil.rmtree(work)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
