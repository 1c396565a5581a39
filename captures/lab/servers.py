"""servers: writes the configurations of the lab's servers for one scenario and starts them.

SPDX-License-Identifier: MIT

Every host of hosts.txt has its own addresses. unbound answers for all names out of one root zone,
nginx serves all web hosts, ntp_server.py the time, squid is the proxy.
"""

import gzip
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
PORTAL = "10.20.0.80"
FILE_SIZE = 98304


@dataclass
class Host:
    name: str
    ipv4: str
    ipv6: str
    issuer: str
    chain: list


def _dash(text):
    return "" if text == "-" else text


def load_hosts():
    hosts = []
    for line in (HERE / "hosts.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, ipv4, ipv6, issuer, chain = line.split()
            chain = _dash(chain).split(",") if _dash(chain) else []
            hosts.append(Host(name, _dash(ipv4), _dash(ipv6), _dash(issuer), chain))
    return hosts


@dataclass
class Servers:
    """What a scenario changes about the servers."""

    resolvers: list = field(default_factory=lambda: ["10.20.0.1"])
    zones: dict = field(default_factory=dict)  # name: unbound's local-zone type
    servfail: list = field(default_factory=list)  # (resolver, name)
    chain_of: dict = field(default_factory=dict)  # host: another CNAME chain
    private_zones: list = field(default_factory=list)  # empty cloud zones linked to the resolver
    same_address: dict = field(default_factory=dict)  # host: the one whose address it shares
    more_addresses: dict = field(default_factory=dict)  # host: IPv4 addresses before its own
    no_ipv6: bool = False  # no AAAA anywhere
    tls: str = "TLSv1.2 TLSv1.3"
    tls_of: dict = field(default_factory=dict)  # host: lines for its nginx server block
    issuer: str = ""  # one issuer for all hosts
    issuer_of: dict = field(default_factory=dict)
    expired: list = field(default_factory=list)
    future: list = field(default_factory=list)  # not yet valid
    fresh: list = field(default_factory=list)  # made hours ago
    other_name: dict = field(default_factory=dict)  # host: name in its certificate
    http_503: list = field(default_factory=list)
    recoded: list = field(default_factory=list)  # files come as gzip, whoever asks, with a cookie
    compressed: list = field(default_factory=list)  # files come as gzip to who asks for it
    whole_files: bool = False  # range requests are answered with all
    not_served: list = field(default_factory=list)  # host: its port 443 is closed
    ntp: str = "good"
    portal: bool = False
    proxy: str = ""  # squid.conf lines
    wpad: bool = False
    dhcp: list = field(default_factory=list)  # lines for dnsmasq; none: no server
    eap: str = ""  # the password that an 802.1X switch takes; none: no 802.1X


class Farm:
    """The servers of one scenario: their folder, and how to run a command in their namespace."""

    def __init__(self, folder, servers, pki, hosts, spawn):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.servers = servers
        by_name = {host.name: host for host in hosts}
        for name, other in servers.same_address.items():
            by_name[name].ipv4, by_name[name].ipv6 = by_name[other].ipv4, by_name[other].ipv6
        self.pki = pki
        self.hosts = hosts
        self.spawn = spawn

    def start(self):
        self.zone()
        for resolver in self.servers.resolvers:
            self.unbound(resolver)
        self.nginx()
        addresses = [(h.ipv4, h.ipv6) for h in self.hosts if h.name == "time.windows.com"][0]
        script = str(HERE / "ntp_server.py")
        self.spawn([sys.executable, script, *addresses, "--mode", self.servers.ntp])
        if self.servers.proxy:
            self.squid()
        if self.servers.dhcp:
            self.dnsmasq()
        if self.servers.eap:
            self.hostapd()

    # ---- the link ----

    def dnsmasq(self):
        lines = [
            "port=0",
            "interface=i0",
            "bind-interfaces",
            "user=root",
            "dhcp-authoritative",
            "no-ping",
            f"pid-file={self.folder}/dnsmasq.pid",
            f"dhcp-leasefile={self.folder}/dnsmasq.leases",
            *self.servers.dhcp,
        ]
        path = self.folder / "dnsmasq.conf"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.spawn(["dnsmasq", "-k", "-C", str(path), "--log-facility=-", "--log-dhcp"])

    def hostapd(self):
        users = self.folder / "eap_users"
        users.write_text(f'"device" MD5 "{self.servers.eap}"\n', encoding="utf-8")
        path = self.folder / "hostapd.conf"
        path.write_text(
            "interface=i0\ndriver=wired\nieee8021x=1\neap_server=1\nuse_pae_group_addr=1\n"
            f"eap_user_file={users}\n",
            encoding="utf-8",
        )
        self.spawn(["hostapd", str(path)])

    # ---- DNS ----

    def zone(self):
        lines = [
            "$ORIGIN .",
            "$TTL 300",
            ". 3600 IN SOA a.root-servers.net. hostmaster.example. 1 1800 900 604800 86400",
            ". 3600 IN NS a.root-servers.net.",
            "a.root-servers.net. 3600 IN A 198.18.0.4",
        ]
        for host in self.hosts:
            owner = host.name + "."
            for target in self.servers.chain_of.get(host.name, host.chain):
                lines.append(f"{owner} 3600 IN CNAME {target}.")
                owner = target + "."
                if target.endswith(tuple(self.servers.private_zones)):
                    break
            if owner.rstrip(".").endswith(tuple(self.servers.private_zones)):
                continue
            if host.ipv4:
                for address in [*self.servers.more_addresses.get(host.name, []), host.ipv4]:
                    lines.append(f"{owner} 60 IN A {address}")
            if host.ipv6 and not self.servers.no_ipv6:
                lines.append(f"{owner} 60 IN AAAA {host.ipv6}")
        if self.servers.wpad:
            lines.append("wpad.corp.contoso.com. 300 IN A 10.20.0.8")
        (self.folder / "root.zone").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def private(self, name):
        soa = "azureprivatedns.net. azureprivatedns-host.microsoft.com. 1 3600 300 2419200 10"
        lines = [f"$ORIGIN {name}.", "$TTL 10", f"@ SOA {soa}", "@ NS azureprivatedns.net."]
        (self.folder / f"{name}.zone").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return f"{name}.zone"

    def unbound(self, resolver):
        servers = self.servers
        tag = resolver.replace(":", "-")
        lines = [
            "server:",
            '  username: ""',
            '  chroot: ""',
            f'  directory: "{self.folder}"',
            f'  pidfile: "{self.folder}/unbound-{tag}.pid"',
            f'  logfile: "{self.folder}/unbound-{tag}.log"',
            "  use-syslog: no",
            "  num-threads: 1",
            "  so-sndbuf: 0",
            "  interface-automatic: no",
            f"  interface: {resolver}",
            "  access-control: 0.0.0.0/0 allow",
            "  access-control: ::0/0 allow",
            '  module-config: "iterator"',
            "  hide-identity: yes",
            "  minimal-responses: yes",
            "  local-zone: contoso.com. nodefault",
        ]
        lines += [f"  local-zone: {name}. {kind}" for name, kind in servers.zones.items()]
        if servers.portal:
            lines += ["  local-zone: . redirect", f'  local-data: ". 30 IN A {PORTAL}"']
        lines += ["remote-control:", "  control-enable: no"]
        lines += ["auth-zone:", '  name: "."', '  zonefile: "root.zone"']
        lines += ["  for-downstream: no", "  for-upstream: yes", "  fallback-enabled: no"]
        for name in servers.private_zones:
            lines += ["auth-zone:", f'  name: "{name}"', f'  zonefile: "{self.private(name)}"']
            lines += ["  for-downstream: no", "  for-upstream: yes", "  fallback-enabled: no"]
        for where, name in servers.servfail:
            if where == resolver:
                lines += ["auth-zone:", f'  name: "{name}"', "  primary: 198.18.0.250"]
                lines += ["  for-downstream: no", "  for-upstream: yes", "  fallback-enabled: no"]
        path = self.folder / f"unbound-{tag}.conf"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.spawn(["unbound", "-d", "-c", str(path)])

    # ---- web ----

    def tls_block(self, host):
        servers = self.servers
        issuer = servers.issuer_of.get(host.name, servers.issuer or host.issuer)
        validity = "expired" if host.name in servers.expired else "good"
        validity = "future" if host.name in servers.future else validity
        validity = "fresh" if host.name in servers.fresh else validity
        chain = self.pki.chain(servers.other_name.get(host.name, host.name), issuer, validity)
        lines = [f"listen {host.ipv4}:443 ssl;", f"listen [{host.ipv6}]:443 ssl;"]
        special = servers.tls_of.get(host.name, "")
        lines += [f"server_name {host.name};", f"ssl_certificate {chain};", special]
        if "ssl_protocols" not in special:
            lines.append(f"ssl_protocols {servers.tls};")
        lines += [
            f"ssl_certificate_key {self.pki.key_file};",
            "default_type application/json;",
            "location / { return 200 '{\"result\":\"ok\",\"host\":\"$host\"}'; }",
        ]
        return "server { " + "\n  ".join(lines) + " }"

    def plain_block(self, host):
        if host.name in self.servers.http_503:
            return f"server {{ listen {host.ipv4}:80; listen [{host.ipv6}]:80; return 503; }}"
        ranges = "max_ranges 0;" if self.servers.whole_files else ""
        kind = "ocsp-response" if host.name.startswith("ocsp") else "pkix-crl"
        if host.name in self.servers.recoded + self.servers.compressed:
            return self.gzip_block(host)
        file = "/lab.ocsp" if host.name.startswith("ocsp") else "/lab.crl"
        return (
            f"server {{ listen {host.ipv4}:80; listen [{host.ipv6}]:80; server_name {host.name};\n"
            "  location = /connecttest.txt { default_type text/plain; "
            "return 200 'Microsoft Connect Test'; }\n"
            "  location /msdownload/ { return 304; }\n"
            f"  location /upload {{ client_body_buffer_size 64k; "
            f"proxy_pass http://{host.ipv4}:80/connecttest.txt; }}\n"
            f"  location /files/ {{ root {self.folder}; {ranges} }}\n"
            f"  location / {{ root {self.pki.folder}; try_files {file} =404; "
            f"types {{ }} default_type application/{kind}; }} }}"
        )

    def gzip_block(self, host):
        """A server, or a box that speaks for it, which has its list as gzip."""
        folder = self.folder / "gzip"
        folder.mkdir(exist_ok=True)
        (folder / "lab.crl").write_bytes(gzip.compress((self.pki.folder / "lab.crl").read_bytes()))
        cookie = "add_header Set-Cookie 'AL_SESS=S-a81f; path=/';"
        return (
            f"server {{ listen {host.ipv4}:80; listen [{host.ipv6}]:80; server_name {host.name};\n"
            f"  location / {{ root {folder}; try_files /lab.crl =404; add_header Content-Encoding gzip;"
            f" {cookie if host.name in self.servers.recoded else ''}"
            "  types { } default_type application/pkix-crl; } }"
        )

    def nginx(self):
        servers = self.servers
        files = self.folder / "files"
        files.mkdir()
        (files / "update.cab").write_bytes(b"MSCF" + bytes(FILE_SIZE - 4))
        blocks = []
        for host in self.hosts:
            if not host.ipv4 or not host.ipv6 or host.ipv4.startswith(("10.", "131.")):
                continue
            if host.issuer and host.name not in servers.not_served:
                blocks.append(self.tls_block(host))
            elif not host.issuer:
                blocks.append(self.plain_block(host))
        if servers.portal:
            blocks.append(
                f"server {{ listen {PORTAL}:80; location / {{ return 302 "
                "http://portal.guest.contoso.com/login?url=$scheme://$host$request_uri; } }"
            )
        if servers.wpad:
            pac = 'function FindProxyForURL(u, h) { return "PROXY proxy.corp.contoso.com:3128"; }'
            blocks.append(
                "server { listen 10.20.0.8:80; location = /wpad.dat { "
                f"default_type application/x-ns-proxy-autoconfig; return 200 '{pac}'; }} }}"
            )
        conf = [
            f"pid {self.folder}/nginx.pid; daemon off; worker_processes 1; user root;",
            f"error_log {self.folder}/nginx-error.log info;",
            "events { worker_connections 256; }",
            "http { access_log off; server_tokens off; keepalive_timeout 30;",
            "ssl_session_tickets off;",
            f"client_body_temp_path {self.folder}; proxy_temp_path {self.folder};",
            f"fastcgi_temp_path {self.folder}; uwsgi_temp_path {self.folder}; "
            f"scgi_temp_path {self.folder};",
            *blocks,
            "}",
        ]
        path = self.folder / "nginx.conf"
        path.write_text("\n".join(conf) + "\n", encoding="utf-8")
        self.spawn(["nginx", "-p", str(self.folder), "-c", str(path), "-e", "stderr"])

    # ---- proxy ----

    def squid(self):
        name = f"lab{os.getpid()}" + "".join(c for c in self.folder.name if c.isalnum())
        own = self.folder / "squid"
        own.mkdir()
        shutil.chown(own, "proxy")
        conf = [
            "http_port 10.20.0.8:3128",
            "dns_nameservers 10.20.0.1",
            "cache deny all",
            "access_log none",
            "cache_store_log none",
            f"cache_log {own}/squid.log",
            f"pid_filename {own}/squid.pid",
            f"coredump_dir {own}",
            "pinger_enable off",
            "shutdown_lifetime 0 seconds",
            "visible_hostname proxy.corp.contoso.com",
            "forwarded_for delete",
            "error_default_language en",
            f"error_directory {self.folder}/errors",
            self.servers.proxy,
        ]
        errors = self.folder / "errors"
        subprocess.run(["cp", "-rL", "/usr/share/squid/errors/en", str(errors)], check=True)
        short = "<html><head><title>%c</title></head><body>%c: %U</body></html>\n"
        for page in ("ERR_CACHE_ACCESS_DENIED", "ERR_ACCESS_DENIED"):
            (errors / page).write_text(short, encoding="utf-8")
        path = self.folder / "squid.conf"
        path.write_text("\n".join(conf) + "\n", encoding="utf-8")
        self.spawn(["squid", "-N", "-n", name, "-f", str(path)])
