"""device: behaves on the network as a Windows device in OOBE does, with real sockets.

SPDX-License-Identifier: MIT

usage: device.py PLAN.json

The plan has resolvers, options and steps (see scenarios.py). A step that fails is retried as its
kind does and then given up: the device goes on with the next one, as independent services do.
"""

import json
import os
import random
import select
import socket
import ssl
import struct
import sys
import threading
import time

import link_layer

A, AAAA = 1, 28
NTP_EPOCH = 2208988800
DNS_WAITS = (1, 1, 2, 4)  # seconds between a resolver client's tries
CONNECT_WAIT = 8
REPLY_WAIT = 7


def log(*words):
    print(f"{time.time():.3f}", *words, flush=True)


# ---- DNS ----------------------------------------------------------------------------------------


def dns_query(name, qtype):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    head = struct.pack("!HHHHHH", random.randrange(1, 65536), 0x0100, 1, 0, 0, 0)
    return head + labels + b"\0" + struct.pack("!HH", qtype, 1)


def skip_name(data, pos):
    while data[pos]:
        if data[pos] >= 0xC0:
            return pos + 2
        pos += data[pos] + 1
    return pos + 1


def dns_addresses(data):
    """rcode, truncated, addresses of a response."""
    _, flags, questions, answers = struct.unpack("!HHHH", data[:8])
    pos, found = 12, []
    for _ in range(questions):
        pos = skip_name(data, pos) + 4
    for _ in range(0 if flags & 0x0200 else answers):
        pos = skip_name(data, pos)
        rtype, _, _, length = struct.unpack("!HHIH", data[pos : pos + 10])
        rdata = data[pos + 10 : pos + 10 + length]
        if rtype in (A, AAAA):
            found.append(socket.inet_ntop(socket.AF_INET if rtype == A else socket.AF_INET6, rdata))
        pos += 10 + length
    return flags & 15, bool(flags & 0x0200), found


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def dns_tcp(server, query):
    with socket.create_connection((server, 53), 5) as sock:
        sock.sendall(struct.pack("!H", len(query)) + query)
        data = b""
        while len(data) < 2 or len(data) < 2 + struct.unpack("!H", data[:2])[0]:
            part = sock.recv(4096)
            if not part:
                break
            data += part
    return data[2:]


class Device:
    def __init__(self, plan):
        self.plan = plan
        self.cache = {}
        self.threads = []

    def ask(self, name, qtype):
        """One question, tried as Windows does: the servers in turn. Returns the addresses."""
        servers = self.plan["resolvers"]
        if not servers:
            return []
        query = dns_query(name, qtype)
        tries = self.plan.get("dns_tries", len(DNS_WAITS))
        with socket.socket(family_of(servers[0]), socket.SOCK_DGRAM) as sock:
            at = 0
            for wait in DNS_WAITS[:tries]:
                server = servers[at % len(servers)]
                at += 1
                sock.sendto(query, (server, 53))
                ready, _, _ = select.select([sock], [], [], wait)
                if not ready:
                    continue
                data = sock.recv(4096)
                rcode, truncated, found = dns_addresses(data)
                if truncated:
                    try:
                        rcode, _, found = dns_addresses(dns_tcp(server, query))
                    except OSError as error:
                        log("dns over tcp", name, error)
                        continue
                if rcode in (0, 3):
                    return found
                if len(servers) == 1:
                    time.sleep(1)
        return []

    def resolve(self, name):
        """Addresses of a name, IPv6 first; both questions at once."""
        if name in self.cache:
            return self.cache[name]
        if self.plan.get("suffix_first"):
            self.both(f"{name}.{self.plan['suffix']}")
        self.cache[name] = self.both(name)
        log("resolve", name, self.cache[name])
        return self.cache[name]

    def both(self, name):
        found = {}

        def one(qtype):
            try:
                found[qtype] = self.ask(name, qtype)
            except OSError as error:  # no neighbour to send it to
                log("ask", name, error)
                found[qtype] = []

        threads = [threading.Thread(target=one, args=(qtype,)) for qtype in (A, AAAA)]
        for thread in threads:
            thread.start()
            time.sleep(0.002)
        for thread in threads:
            thread.join()
        usable = [a for a in found[AAAA] + found[A] if a not in ("0.0.0.0", "::")]
        return [a for a in usable if self.plan.get("v6" if ":" in a else "v4", ":" not in a)]

    # ---- connections ----------------------------------------------------------------------------

    def connect(self, name, port):
        """A connected socket or None. IPv4 joins in where IPv6 does not answer at once."""
        if self.plan.get("proxy") and port == 443:
            sock = self.tunnel(name, port)
            if sock or not self.plan.get("round"):
                return sock
        addresses = self.resolve(name)
        if len(addresses) > 1 and ":" in addresses[0] and ":" not in addresses[-1]:
            return self.race(addresses[0], addresses[-1], port)
        for address in sorted(addresses) if self.plan.get("all_addresses") else addresses[:1]:
            try:
                return socket.create_connection((address, port), CONNECT_WAIT)
            except OSError as error:
                log("connect", name, address, error)
        return None

    @staticmethod
    def race(first, second, port):
        sock = socket.socket(family_of(first), socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.connect_ex((first, port))
        if select.select([], [sock], [], 0.3)[1] and not sock.getsockopt(
            socket.SOL_SOCKET, socket.SO_ERROR
        ):
            sock.setblocking(True)
            sock.settimeout(REPLY_WAIT)
            return sock
        try:
            return socket.create_connection((second, port), CONNECT_WAIT)
        except OSError as error:
            log("connect", second, error)
            return None
        finally:
            sock.close()

    def proxy_socket(self):
        host, port = self.plan["proxy"]
        return socket.create_connection((self.resolve(host)[-1], port), CONNECT_WAIT)

    def tunnel(self, name, port):
        sock = self.proxy_socket()
        head = (
            f"CONNECT {name}:{port} HTTP/1.1\r\nHost: {name}:{port}\r\n"
            "User-Agent: Microsoft-WNS/10.0\r\nProxy-Connection: Keep-Alive\r\n\r\n"
        )
        sock.settimeout(REPLY_WAIT)
        sock.sendall(head.encode())
        reply = b""
        while b"\r\n\r\n" not in reply:
            part = sock.recv(4096)
            if not part:
                break
            reply += part
        status = reply.split(b" ")[1] if reply else b"none"
        log("CONNECT", name, status)
        if status == b"200":
            return sock
        sock.close()
        return None

    # ---- HTTP -----------------------------------------------------------------------------------

    @staticmethod
    def exchange(sock, target, host, agent, extra=""):
        """One request and its whole response, as bytes. Empty when none came."""
        head = (
            f"GET {target} HTTP/1.1\r\nConnection: Keep-Alive\r\n{extra}"
            f"User-Agent: {agent}\r\nHost: {host}\r\n\r\n"
        )
        sock.settimeout(REPLY_WAIT)
        sock.sendall(head.encode())
        data, end = b"", None
        try:
            while end is None or len(data) < end:
                part = sock.recv(16384)
                if not part:
                    break
                data += part
                if end is None and b"\r\n\r\n" in data:
                    head_end = data.index(b"\r\n\r\n") + 4
                    lines = data[:head_end].lower().split(b"\r\n")
                    length = [x for x in lines if x.startswith(b"content-length:")]
                    end = head_end + (int(length[0].split(b":")[1]) if length else 0)
        except OSError as error:
            log("http", host, error)
        return data

    def http(self, host, path, agent="Microsoft-CryptoAPI/10.0", extra=""):
        try:
            if self.plan.get("proxy"):
                sock, target = self.proxy_socket(), f"http://{host}{path}"
            else:
                sock, target = self.connect(host, 80), path
            if sock:
                with sock:
                    data = self.exchange(sock, target, host, agent, extra)
                log("http", host, data[:40])
                if self.plan.get("round") and b" 407 " in data[:16]:
                    with self.connect(host, 80) as sock:
                        self.exchange(sock, path, host, agent, extra)
        except OSError as error:
            log("http", host, error)

    # ---- steps ----------------------------------------------------------------------------------

    def step_wpad(self):
        found = self.both(f"wpad.{self.plan['suffix']}")
        if found:
            with socket.create_connection((found[-1], 80), 5) as sock:
                agent = "WinHttp-Autoproxy-Service/5.1"
                self.exchange(sock, "/wpad.dat", f"wpad.{self.plan['suffix']}", agent)

    def step_dhcp(self, tries=3, wait=4, user_class="", probe=False):
        """An address by DHCP; without one, what comes next is not tried."""
        self.cache = {}
        resolvers = link_layer.dhcp(self.plan["lease"], tries, wait, user_class, probe)
        if resolvers is None:
            link_layer.self_assign()
        self.plan["resolvers"] = resolvers or []

    def step_discover(self, tries, wait):
        """Asks for IPv4 where nobody has it, as Windows does beside IPv6."""
        link_layer.dhcp(self.plan["lease"], tries, wait)
        link_layer.self_assign()

    def step_ipv6(self, resolvers):
        """Addresses by the router's advertisement, which names `resolvers`."""
        link_layer.seek_router()
        self.plan["resolvers"] = self.plan["resolvers"] if resolvers is None else resolvers

    def step_dhcp6(self, kind, tries=3):
        """"address" or "other": what the router's advertisement leaves to DHCPv6."""
        found = link_layer.dhcp6(kind, tries)
        if found:
            self.plan["resolvers"] = found

    def step_eap(self, password, patience):
        self.plan["resolvers"] = []
        process = link_layer.supplicant(os.path.dirname(self.plan["lease"]), password)
        time.sleep(patience)
        process.terminate()
        process.wait()

    def step_announce(self, address, times, every):
        link_layer.announce(address, times, every)

    def step_llmnr(self, name, times, every):
        """Asks the neighbours for a name, as Windows does where it has no resolver."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(times):
                sock.sendto(dns_query(name, A), ("224.0.0.252", 5355))
                time.sleep(every)

    def step_wait(self, seconds):
        time.sleep(seconds)

    def step_background(self, *step):
        """Goes on while the next steps run."""
        thread = threading.Thread(target=getattr(self, "step_" + step[0]), args=step[1:])
        self.threads.append(thread)
        thread.start()

    def step_dns(self, name):
        self.resolve(name)

    def step_ncsi(self):
        extra = "Cache-Control: no-cache\r\nPragma: no-cache\r\n"
        self.http("www.msftconnecttest.com", "/connecttest.txt", "Microsoft NCSI", extra)

    def step_http(self, host, path, extra=""):
        self.http(host, path, extra=extra)

    def step_upload(self, host, path, size, tries):
        """A body that is sent behind its head, over plain HTTP."""
        for _ in range(tries):
            sock = self.connect(host, 80)
            if sock is None:
                return
            head = (
                f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Microsoft BITS/7.8\r\n"
                f"Content-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n"
            )
            with sock:
                sock.settimeout(REPLY_WAIT)
                sock.sendall(head.encode())
                time.sleep(0.1)
                try:
                    sock.sendall(b"x" * size)
                    log("upload", host, sock.recv(4096)[:40])
                except OSError as error:
                    log("upload", host, error)

    def step_ctl(self):
        path = "/msdownload/update/v3/static/trustedr/en/disallowedcertstl.cab?4c1c9e5f0a3f6d21"
        extra = 'If-Modified-Since: Tue, 01 Sep 2026 17:11:24 GMT\r\nIf-None-Match: "80a1d"\r\n'
        self.http("ctldl.windowsupdate.com", path, extra=extra)

    def step_download(self, host, path, ranges):
        """A file in parts; `None` for the whole."""
        for part in ranges:
            extra = f"Range: bytes={part}\r\n" if part else ""
            self.http(host, path, "Microsoft-Delivery-Optimization/10.1", extra)

    def revoked(self, host):
        """The revocation check that some hosts' certificates get before the device goes on."""
        for crl_host, path in self.plan.get("check", {}).get(host, []):
            self.http(crl_host, path)

    def step_tls(self, host, path, tries=1):
        for attempt in range(tries):
            if attempt:
                time.sleep(1)
            if self.tls(host, path):
                return
            if not self.cache.get(host) and not self.plan.get("proxy"):
                return

    def step_long(self, host, path, tries):
        """Greetings of more than one segment, as browsers with post-quantum key shares send them."""
        for attempt in range(tries):
            if attempt:
                time.sleep(1)
            self.tls(host, path, padding=6)

    def tls(self, host, path, padding=0):
        sock = self.connect(host, 443)
        if sock is None:
            return False
        sock.settimeout(REPLY_WAIT)
        try:
            context = self.context(host)
            # Protocols that no server knows, of the greatest length.
            context.set_alpn_protocols(["http/1.1"] + [f"{n}{'x' * 250}" for n in range(padding)])
            tls = context.wrap_socket(sock, server_hostname=host)
        except (OSError, ssl.SSLError) as error:
            log("tls", host, error)
            sock.close()
            return False
        try:
            if host in self.plan.get("leave", []):
                return False
            self.revoked(host)
            data = self.exchange(tls, path, host, "DM Client/10.0.26100")
            log("tls", host, tls.version(), data[:20])
            tls.unwrap()
        except (OSError, ssl.SSLError) as error:
            log("tls", host, error)
        finally:
            tls.close()
        return True

    def context(self, host):
        context = ssl.create_default_context(cafile=self.plan["roots"])
        if host in self.plan.get("leave", []):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.plan.get("tls_max") == "1.2":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    def step_ntp(self, tries, background=True):
        if background:
            thread = threading.Thread(target=self.ntp, args=(tries,))
            self.threads.append(thread)
            thread.start()
        else:
            self.ntp(tries)

    def ntp(self, tries):
        addresses = self.resolve("time.windows.com")
        if not addresses:
            return
        with socket.socket(family_of(addresses[0]), socket.SOCK_DGRAM) as sock:
            sock.bind(("", 123))
            for _ in range(tries):
                now = time.time() + NTP_EPOCH + self.plan.get("clock", 0)
                packet = struct.pack("!BBBb", 0xDB, 0, 10, -23) + struct.pack("!II", 0, 0x10400)
                packet += bytes(28) + struct.pack("!Q", int(now * (1 << 32)))
                sock.sendto(packet, (addresses[0], 123))
                ready, _, _ = select.select([sock], [], [], 2.6)
                if ready:
                    log("ntp", sock.recv(512)[:4].hex())
                    return

    def step_quic(self, host, tries):
        """A browser engine that tries HTTP/3 first; nobody answers it in this lab."""
        # pylint: disable=import-outside-toplevel
        import quic_hello

        address = self.resolve(host)[0]
        with socket.socket(family_of(address), socket.SOCK_DGRAM) as sock:
            sock.connect((address, 443))
            for attempt, packet in enumerate(quic_hello.initials(host, tries)):
                sock.send(packet)
                if select.select([sock], [], [], 0.3 * 2**attempt)[0]:
                    return

    def run(self):
        for kind, *args in self.plan["steps"]:
            try:
                getattr(self, "step_" + kind)(*args)
            except OSError as error:
                log("step", kind, args, error)
            time.sleep(0.05)
        for thread in self.threads:
            thread.join()
        time.sleep(self.plan.get("linger", 0))
        if self.plan["resolvers"]:
            self.both("fileserver.corp.contoso.com")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    random.seed(os.urandom(8))
    Device(plan).run()


if __name__ == "__main__":
    main()
