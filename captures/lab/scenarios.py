"""scenarios: what each sample capture is a recording of.

SPDX-License-Identifier: MIT
"""

from dataclasses import dataclass, field, replace

from servers import PORTAL, Servers

SUFFIX = "corp.contoso.com"
ZTD = "ztd.dds.microsoft.com"
CS = "cs.dds.microsoft.com"
ACTIVATION = "activation-v2.sls.microsoft.com"
LOGIN = "login.microsoftonline.com"
REGISTRATION = "enterpriseregistration.windows.net"
ENROLLMENT = "enrollment.manage.microsoft.com"
CRL = "crl3.digicert.com"
DIAGNOSTICS = "lgmsapeweu.blob.core.windows.net"


@dataclass
class Device:
    """A client: its addresses, and the plan that device.py follows."""

    steps: list
    ipv4: str = "10.20.0.31"
    ipv6: str = ""
    mac: str = "00:15:5d:0a:14:1f"
    clock: str = ""  # of faketime: "-400d"
    options: dict = field(default_factory=dict)


@dataclass
class Scenario:
    name: str
    devices: list
    rules: list = field(default_factory=list)  # of forwarder.py
    servers: Servers = field(default_factory=Servers)
    pcapng: bool = False
    tcpdump: list = field(default_factory=list)  # more arguments of the recorder
    vlans: tuple = ()  # tags of vlan.py
    split: bool = False  # DHCP options, by split.py
    inside: tuple = ()  # more words for ip(8) at the servers' side


START = [
    ["wpad"],
    ["ncsi"],
    ["ntp", 2],
    ["ctl"],
    ["http", "ocsp.digicert.com", "/MFEwTzBNMEswSTAJBgUrDgMCGgUABBTfqhLjKLEJQZPin0KCzkdAQpVYow"],
    ["tls", "login.live.com", "/RST2.srf"],
]


def profile(tries=1):
    return [
        ["tls", ZTD, "/ZtdService/v1/profiles?hwid=T0EBAAAA", tries],
        ["tls", CS, "/ConfigurationService/v1/settings", tries],
        ["tls", ACTIVATION, "/SLActivateProduct/SLActivateProduct.asmx", tries],
    ]


def identity(tries=1):
    return [
        ["tls", LOGIN, "/common/.well-known/openid-configuration", tries],
        ["tls", REGISTRATION, "/EnrollmentServer/contract?api-version=1.6", tries],
        ["http", CRL, "/DigiCertGlobalRootG2.crl"],
        ["tls", ENROLLMENT, "/enrollmentserver/discovery.svc", tries],
    ]


REST = [
    ["tls", "slscr.update.microsoft.com", "/SLS/%7B9482F4B4-E343-43B6-B170-9A65BC822C77%7D/x64"],
    ["tls", "aadcdn.msauth.net", "/shared/1.0/content/js/ConvergedLogin_PCore.js"],
    ["tls", "r.manage.microsoft.com", "/devicegatewayproxy/cimhandler.ashx"],
    ["tls", "imeswdb-afd-primary.manage.microsoft.com", "/IntuneWindowsAgent.msi"],
    ["tls", "v10.events.data.microsoft.com", "/OneCollector/1.0/"],
    ["tls", "client.wns.windows.com", "/"],
]


def run(tries=1):
    """The contacts of a deployment in short: every required service, in the usual order."""
    return START + profile(tries) + identity(tries)


def full():
    return START + profile() + REST[:1] + identity() + REST[1:]


def one(steps, **options):
    return [Device(steps, options=options)]


def without(steps, *hosts):
    return [step for step in steps if len(step) < 2 or step[1] not in hosts]


BEGIN = [["wpad"], ["ncsi"], ["ntp", 2]]
SIGN_IN = [["tls", "login.live.com", "/RST2.srf"]]
TLS12 = {"tls_max": "1.2"}
LONG_CHAIN = [
    f"{letter * 20}-enrollment-frontdoor-{letter * 16}.{letter * 24}.example.net"
    for letter in "abcdef"
]
PROXY = {"proxy": ["proxy.corp.contoso.com", 3128]}
PROXY_STEPS = [["wpad"], ["ntp", 2], ["ncsi"]] + SIGN_IN
OPEN_PROXY = "http_access allow all"
AUTH_PROXY = """auth_param basic program /usr/lib/squid/basic_ncsa_auth /dev/null
auth_param basic realm Contoso web proxy
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all"""
FILTER_PROXY = f"""acl blocked dstdomain {ZTD}
http_access deny blocked
http_access allow all"""


def sni(do, host, **more):
    return dict(do=do, proto="tcp", port=443, contains=host, **more)


def good():
    portless = {"v6": True, "v4": False}
    return [
        Scenario("good-tls13", one(full())),
        Scenario("good-tls12", one(full(), **TLS12), pcapng=True),
        Scenario(
            "good-ipv6",
            [
                Device(
                    run() + [["tls", "client.wns.windows.com", "/"]],
                    ipv4="",
                    ipv6="2001:db8:20::1f",
                    options=portless,
                )
            ],
            servers=Servers(resolvers=["2001:db8:20::1"]),
        ),
    ]


def dns():
    return [
        Scenario(
            "dns-nxdomain", one(run()), servers=Servers(zones={ACTIVATION: "always_nxdomain"})
        ),
        Scenario(
            "dns-servfail-then-success",
            one(run()),
            servers=Servers(resolvers=["10.20.0.1", "10.20.0.2"], servfail=[("10.20.0.1", ZTD)]),
        ),
        Scenario(
            "dns-silent-resolver",
            one([["wpad"], ["ncsi"], ["ntp", 2]], dns_tries=3),
            rules=[{"do": "drop", "proto": "udp", "port": 53}],
        ),
        Scenario("dns-servfail", one(run()), servers=Servers(servfail=[("10.20.0.1", LOGIN)])),
        Scenario("dns-refused", one(run()), servers=Servers(zones={CS: "always_refuse"})),
        Scenario("dns-search-suffix-noise", one(run(), suffix_first=True)),
        Scenario(
            "dns-sinkhole", one(run()), servers=Servers(zones={ENROLLMENT: "always_null"})
        ),
        Scenario(
            "dns-no-address", one(run()), servers=Servers(zones={REGISTRATION: "always_nodata"})
        ),
        Scenario(
            "dns-tcp-fallback", one(run()), servers=Servers(chain_of={ENROLLMENT: LONG_CHAIN})
        ),
        Scenario(
            "dns-tcp-blocked",
            one(run()),
            rules=[{"do": "drop", "proto": "tcp", "port": 53}],
            servers=Servers(chain_of={ENROLLMENT: LONG_CHAIN}),
        ),
        Scenario(
            "dns-private-link",
            one(run() + [["tls", DIAGNOSTICS, "/"]]),
            servers=Servers(private_zones=["privatelink.blob.core.windows.net"]),
        ),
        Scenario("dns-private-link-open", one(run() + [["tls", DIAGNOSTICS, "/"]])),
    ]


def ntp():
    ask = {"do": "drop", "proto": "udp", "port": 123}
    steps = without(run(), CRL, CS)
    return [
        Scenario("ntp-no-reply", one(steps), rules=[ask]),
        Scenario("ntp-first-lost", one(steps), rules=[dict(ask, times=1)]),
        Scenario("ntp-kiss-of-death", one(steps), servers=Servers(ntp="kiss")),
        Scenario("ntp-unsynchronized", one(steps), servers=Servers(ntp="unsynchronized")),
        Scenario("ntp-wrong-time", one(steps), servers=Servers(ntp="wrong")),
        Scenario("clock-wrong", one(steps, clock=-3 * 86400 - 4711)),
    ]


def tcp():
    steps = without(run(), CRL)
    return [
        Scenario(
            "tcp-syn-dropped",
            one(steps),
            rules=[{"do": "drop", "proto": "tcp", "dst": "198.18.22.33"}],
        ),
        Scenario("tcp-refused", one(run(2)), servers=Servers(not_served=[REGISTRATION])),
        Scenario(
            "tcp-icmp-rejected",
            one(run(2)),
            rules=[{"do": "icmp", "proto": "tcp", "dst": "198.18.40.50", "port": 443}],
        ),
        Scenario(
            "ipv6-broken-fallback",
            [Device(steps, ipv6="2001:db8:20::1f", options={"v6": True})],
            rules=[{"do": "drop", "proto": "tcp", "version": 6}],
        ),
        Scenario(
            "two-devices-one-failing",
            [
                Device(steps),
                Device(steps, ipv4="10.20.0.32", mac="00:15:5d:0a:14:20"),
            ],
            rules=[
                {"do": "drop", "proto": "tcp", "dst": "198.18.40.50", "src": "10.20.0.32"},
            ],
        ),
    ]


def tls():
    steps = without(run(), CRL)
    twice = without(run(2), CRL)
    reject = "ssl_reject_handshake on;"
    return [
        Scenario("tls-reset-after-hello", one(run(3)), rules=[sni("reset", ZTD)]),
        Scenario(
            "tls-hello-swallowed",
            one(steps + [["tls", "client.wns.windows.com", "/"]]),
            rules=[sni("blackhole", LOGIN)],
        ),
        Scenario(
            "tls-alert-handshake-failure",
            one(twice, **TLS12),
            servers=Servers(
                tls_of={
                    ACTIVATION: "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES256-GCM-SHA384;"
                }
            ),
        ),
        Scenario(
            "tls-alert-protocol-version",
            one(twice, **TLS12),
            servers=Servers(tls_of={ZTD: "ssl_protocols TLSv1.3;"}),
        ),
        Scenario(
            "tls-alert-unrecognized-name",
            one(twice),
            servers=Servers(tls_of={ENROLLMENT: reject}),
        ),
        Scenario(
            "tls-alert-unknown-ca", one(twice, **TLS12), servers=Servers(issuer_of={CS: "contoso"})
        ),
        Scenario(
            "tls-certificate-expired",
            one(twice, leave=[ENROLLMENT], **TLS12),
            servers=Servers(expired=[ENROLLMENT]),
        ),
        Scenario(
            "tls-certificate-not-yet-valid",
            one(twice, leave=[REGISTRATION], **TLS12),
            servers=Servers(future=[REGISTRATION]),
        ),
        Scenario(
            "tls-name-mismatch",
            one(twice, leave=[CS], **TLS12),
            servers=Servers(other_name={CS: "portal.edge.microsoft.com"}),
        ),
        Scenario(
            "tls-inspected",
            one(steps, trust_gateway=True, **TLS12),
            servers=Servers(issuer="contoso"),
        ),
        Scenario(
            "tls-inspected-one",
            one(steps, trust_gateway=True, **TLS12),
            servers=Servers(issuer_of={ENROLLMENT: "branch"}, fresh=[ENROLLMENT]),
        ),
        Scenario(
            "tls-unknown-authority",
            one(steps, **TLS12),
            servers=Servers(issuer_of={ENROLLMENT: "logged", LOGIN: "logged"}, fresh=[ENROLLMENT]),
        ),
    ]


FILES = "dl.delivery.mp.microsoft.com"
PARTS = ["0-49151", "49152-98303"]
PORTAL_SAYS = (
    "HTTP/1.1 302 Found\r\nLocation: http://portal.guest.contoso.com/login\r\n"
    "Content-Length: 0\r\nConnection: close\r\n\r\n"
)
BLOCK_PAGE = "<html><head><title>Web Page Blocked</title></head><body>Category: unknown</body></html>\n"
FILTER_SAYS = (
    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n"
    f"Content-Length: {len(BLOCK_PAGE)}\r\nConnection: close\r\n\r\n{BLOCK_PAGE}"
)
CHECK = {"check": {LOGIN: [[CRL, "/DigiCertGlobalRootG2.crl"]]}}
FAILING_PROXY = f"""acl blocked dstdomain {ZTD}
http_access deny blocked
deny_info 502:ERR_CANNOT_FORWARD blocked
http_access allow all"""


LIST = "/DigiCertGlobalRootG2.crl"


def on_request(do, contains, **more):
    return dict(do=do, proto="tcp", port=80, contains=contains, **more)


def web():
    download = [["download", FILES, "/files/update.cab", PARTS]]
    whole = [["download", FILES, "/files/update.cab", [None, None, None]]]
    through = PROXY_STEPS + profile() + without(identity(), CRL)
    checked = without(run(), CRL)
    probe = "GET /connecttest.txt"
    return [
        Scenario("range-served", one(run() + download)),
        Scenario("path-slow", one(run()), rules=[{"do": "slow", "after": 310}]),
        Scenario(
            "path-slow-server",
            one(run()),
            rules=[{"do": "slow", "after": 310, "dst": "198.18.40.50"}],
        ),
        Scenario("path-lossy", one(full() + whole), rules=[{"do": "lose", "after": 9}]),
        Scenario("range-answered-whole", one(run() + download), servers=Servers(whole_files=True)),
        Scenario(
            "download-cut",
            one(run() + whole),
            rules=[on_request("cut", "GET /files/", after=70000)],
        ),
        Scenario(
            "download-cut-once",
            one(run() + [["download", FILES, "/files/update.cab", [None, None]]]),
            rules=[on_request("cut", "GET /files/", after=70000, times=1)],
        ),
        Scenario(
            "portal-cleared",
            one([["ncsi"]] + run()),
            rules=[on_request("answer", probe, text=PORTAL_SAYS, times=1)],
        ),
        Scenario(
            "block-page", one(run()), rules=[on_request("answer", CRL, text=FILTER_SAYS, ttl=63)]
        ),
        Scenario(
            "proxy-502", one(through, **PROXY), servers=Servers(proxy=FAILING_PROXY, wpad=True)
        ),
        Scenario(
            "crl-blocked-stall",
            one(checked, **CHECK),
            rules=[{"do": "drop", "proto": "tcp", "dst": "203.0.113.22", "port": 80}],
        ),
        Scenario("crl-checked", one(checked, **CHECK)),
        Scenario("crl-recoded", one(run()), servers=Servers(recoded=[CRL])),
        Scenario(
            "crl-compressed",
            one(without(run(), CRL) + [["http", CRL, LIST, "Accept-Encoding: gzip\r\n"]]),
            servers=Servers(compressed=[CRL]),
        ),
    ]


def paths():
    steps = without(run(), CRL)
    bare = BEGIN + SIGN_IN + profile(2) + without(identity(2), CRL) + REST[:1]
    long_tls = ["long", LOGIN, "/common/oauth2/authorize", 2]
    # A request of three segments, the last one short.
    token = f"/enrollmentserver/discovery.svc?token={'x' * 3000}"
    asked = without(run(), CRL, ENROLLMENT) + [["tls", ENROLLMENT, token]] * 2
    # Real servers differ in what they choose.
    stacks = [
        "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;",
        "ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256;",
        "ssl_ecdh_curve secp384r1;",
    ]
    hosts = [ZTD, CS, ACTIVATION, LOGIN, REGISTRATION, ENROLLMENT]
    big = dict(proto="tcp", port=443, longer=1400)
    behind = dict(proto="tcp", port=443, dst="198.18.40.50", begins="17")
    thrice = without(run(), CRL, ENROLLMENT) + [["tls", ENROLLMENT, "/enrollment", 1]] * 3
    upload = without(run(), CRL) + [["upload", "dl.delivery.mp.microsoft.com", "/upload", 40000, 2]]
    return [
        Scenario(
            "tls13-inspected",
            one(bare),
            rules=[{"do": "near"}],
            servers=Servers(tls="TLSv1.3", issuer="contoso"),
        ),
        Scenario(
            "tcp-ended-nearby",
            one(bare),
            rules=[{"do": "near"}],
            servers=Servers(tls_of={h: stacks[i % 3] for i, h in enumerate(hosts)}),
        ),
        Scenario(
            "mtu-black-hole-up", one(steps + [long_tls]), rules=[dict(big, do="drop")]
        ),
        Scenario(
            "mtu-black-hole-down",
            one(steps),
            rules=[{"do": "drop", "back": True, "proto": "tcp", "src": "198.18.40.50",
                    "longer": 1400}],
        ),
        Scenario(
            "mtu-fallback",
            one(steps + [long_tls], mtu_probing=True),
            rules=[dict(big, do="drop")],
        ),
        Scenario("mtu-black-hole-request", one(asked), rules=[dict(big, do="drop")]),
        Scenario(
            "mtu-request-fallback", one(asked, mtu_probing=True), rules=[dict(big, do="drop")]
        ),
        Scenario("request-swallowed", one(thrice), rules=[dict(behind, do="blackhole")]),
        Scenario(
            "request-swallowed-once", one(thrice), rules=[dict(behind, do="blackhole", times=1)]
        ),
        Scenario("request-reset", one(thrice, **TLS12), rules=[dict(behind, do="reset")]),
        Scenario(
            "request-reset-once",
            one(thrice, **TLS12),
            rules=[dict(behind, do="reset", times=1)],
        ),
        Scenario("upload-black-hole", one(upload), rules=[dict(big, port=80, do="drop")]),
        Scenario("upload-passes", one(upload)),
        Scenario(
            "long-hello-swallowed",
            one(steps + [long_tls, long_tls]),
            rules=[dict(big, do="blackhole")],
        ),
        Scenario("long-hello-passes", one(steps + [long_tls])),
        Scenario(
            "filter-by-name",
            one(without(run(2), CRL)),
            rules=[sni("blackhole", CS)],
            servers=Servers(same_address={CS: ZTD}),
        ),
        Scenario(
            "some-addresses-blocked",
            one(without(run(), CRL) + [["tls", ENROLLMENT, "/", 1]] * 3, all_addresses=True),
            rules=[{"do": "drop", "proto": "tcp", "dst": "198.18.40.49"}],
            servers=Servers(more_addresses={ENROLLMENT: ["198.18.40.49"]}),
        ),
    ]


def http():
    portal_steps = [["ncsi"], ["dns", "dns.msftncsi.com"], ["tls", ZTD, "/", 2], ["ncsi"]]
    through = PROXY_STEPS + profile() + without(identity(), CRL)
    rounds = [["wpad"], ["ntp", 2], ["ncsi"], ["tls", ZTD, "/", 1], ["tls", LOGIN, "/", 1]]
    return [
        Scenario(
            "captive-portal", one(portal_steps), servers=Servers(portal=True, resolvers=[PORTAL])
        ),
        Scenario(
            "proxy-connect", one(through, **PROXY), servers=Servers(proxy=OPEN_PROXY, wpad=True)
        ),
        Scenario(
            "proxy-407",
            one([["wpad"], ["ntp", 2], ["ncsi"], ["tls", ZTD, "/", 2]], **PROXY),
            servers=Servers(proxy=AUTH_PROXY, wpad=True),
        ),
        Scenario(
            "proxy-407-round",
            one(rounds, round=True, **PROXY),
            servers=Servers(proxy=AUTH_PROXY, wpad=True),
        ),
        Scenario(
            "proxy-407-round-blocked",
            one(rounds, round=True, **PROXY),
            rules=[{"do": "drop", "proto": "tcp", "port": 443}],
            servers=Servers(proxy=AUTH_PROXY, wpad=True),
        ),
        Scenario(
            "proxy-403", one(through, **PROXY), servers=Servers(proxy=FILTER_PROXY, wpad=True)
        ),
        Scenario(
            "http-no-response",
            one(run()),
            rules=[{"do": "blackhole", "proto": "tcp", "port": 80, "contains": CRL}],
        ),
        Scenario("http-error", one(run()), servers=Servers(http_503=[CRL])),
    ]


def more():
    return [
        Scenario(
            "quic-blocked-fallback",
            one(BEGIN + SIGN_IN + profile() + [["quic", LOGIN, 4]] + without(identity(), CRL)),
            rules=[{"do": "drop", "proto": "udp", "port": 443}],
        ),
        Scenario(
            "capture-one-way", one(run()), tcpdump=["ether", "src", Device([]).mac, "or", "arp"]
        ),
        Scenario("capture-truncated", one(run()), tcpdump=["-s", "96"]),
        Scenario(
            "demo",
            one(START + profile(3) + REST[:1] + identity()),
            rules=[sni("reset", ZTD), {"do": "drop", "proto": "udp", "port": 123}],
        ),
    ]


POOL = "dhcp-range=10.20.0.31,10.20.0.60,255.255.255.0,1h"
LEASE = [
    POOL,
    "dhcp-option=option:router,10.20.0.1",
    "dhcp-option=option:dns-server,10.20.0.1",
    "dhcp-option=option:domain-name,corp.contoso.com",
    "dhcp-option=option:domain-search,corp.contoso.com,lab.contoso.com",
    "dhcp-option=option:ntp-server,10.20.0.1",
]
TWO_NETWORKS = [
    "dhcp-range=tag:!corp,10.20.0.31,10.20.0.60,255.255.255.0,1h",
    "dhcp-range=tag:corp,10.30.0.31,10.30.0.60,255.255.255.0,1h",
    "dhcp-userclass=set:corp,corp",
    "dhcp-option=tag:!corp,option:router,10.20.0.1",
    "dhcp-option=tag:!corp,option:dns-server,10.20.0.1",
    "dhcp-option=tag:corp,option:router,10.30.0.1",
    "dhcp-option=tag:corp,option:dns-server,10.20.0.1",
]


def by_dhcp(steps, **more):
    return [Device(steps, ipv4="", **more)]


SLAAC = ["enable-ra", "dhcp-range=2001:db8:20::,ra-only,64,1h"]
LEASE6 = ["enable-ra", "dhcp-range=2001:db8:20::100,2001:db8:20::1ff,64,1h"]
RESOLVER6 = "2001:db8:20::1"
NAMED6 = f"dhcp-option=option6:dns-server,[{RESOLVER6}]"
NOBODY6 = ["fec0:0:0:ffff::1", "fec0:0:0:ffff::2", "fec0:0:0:ffff::3"]
ONLY6 = {"v6": True, "v4": False}


def by_ipv6(steps):
    return [Device(steps, ipv4="", options={"resolvers": [], **ONLY6})]


def link6():
    """IPv6's own configuration, where a device has no IPv4."""
    ways = Servers(resolvers=["10.20.0.1", RESOLVER6])
    return [
        Scenario(
            "good-ipv6-only",
            by_ipv6(
                [["ipv6", [RESOLVER6]], ["background", "dhcp6", "address", 4]]
                + [["background", "discover", 3, 3]]
                + run()
            ),
            servers=replace(ways, dhcp=SLAAC + [NAMED6]),
        ),
        Scenario(
            "good-dhcpv6",
            by_ipv6([["ipv6", []], ["dhcp6", "address"]] + run()),
            servers=replace(ways, dhcp=LEASE6 + [NAMED6]),
        ),
        Scenario(
            "ipv6-no-resolver",
            by_ipv6([["ipv6", NOBODY6]] + START),
            rules=[{"do": "drop", "proto": "udp", "port": 53}],  # site-local: leads nowhere
            servers=replace(ways, dhcp=SLAAC),
        ),
        Scenario(
            "dhcpv6-no-offer",
            by_ipv6([["ipv6", []], ["dhcp6", "address", 5]]),
            rules=[{"do": "drop", "proto": "udp", "port": 547}],
            servers=replace(ways, dhcp=LEASE6),
        ),
        Scenario(
            "ipv6-no-route",
            [Device([["ipv6", None]] + run(), options={"v6": True})],
            servers=Servers(dhcp=SLAAC),
            inside=("-6 route del local 2001:db8::/32 dev lo table main",),
        ),
    ]


def link():
    """From the cable to an address, and what goes wrong there."""
    update = "slscr.update.microsoft.com"
    moved = START + profile() + [["background", "tls", update, "/SLS/x64"], ["wait", 1]]
    moved += [["dhcp", 3, 4, "corp"], ["wait", 0.5]] + identity()
    # The question for the sign-in is the last that would be answered.
    gone = {"do": "gone", "proto": "udp", "port": 53, "contains": "microsoftonline"}
    left = START + profile() + identity()[:1] + profile(2)[:1] + identity()[1:2] + profile()[1:2]
    return [
        Scenario(
            "network-lost",
            by_dhcp([["dhcp"]] + left, options={"arp_ms": 5000}),
            servers=Servers(dhcp=LEASE),
            rules=[gone],
        ),
        Scenario(
            "network-lost-beyond",
            by_dhcp([["dhcp"]] + left, options={"arp_ms": 5000}),
            servers=Servers(dhcp=LEASE),
            rules=[dict(gone, arp=True)],
        ),
        Scenario(
            "network-lost-briefly",
            by_dhcp([["dhcp"]] + left),
            servers=Servers(dhcp=LEASE),
            rules=[{**gone, "for": 3, "times": 1}],
        ),
        Scenario(
            "good-dhcp",
            by_dhcp([["eap", "secret", 3], ["dhcp"]] + full()),
            servers=Servers(dhcp=LEASE),
        ),
        Scenario("dhcp-no-offer", by_dhcp([["dhcp"]] + START)),
        Scenario(
            "dhcp-no-resolver",
            by_dhcp([["dhcp"], ["llmnr", "wpad", 5, 3]] + START),
            servers=Servers(dhcp=[POOL, "dhcp-option=option:dns-server", LEASE[1]]),
        ),
        Scenario(
            "dhcp-no-router",
            by_dhcp([["dhcp"]] + START + [["wait", 10]]),
            servers=Servers(dhcp=[POOL, "dhcp-option=option:router"] + LEASE[2:]),
        ),
        Scenario(
            "dhcp-routes-split",
            by_dhcp([["dhcp"], ["llmnr", "wpad", 5, 3]] + run()),
            servers=Servers(dhcp=LEASE),
            split=True,
        ),
        Scenario(
            "dhcp-declined",
            [
                Device([["dhcp", 3, 4, "", True]] + run(), ipv4=""),
                Device([["wait", 25]], ipv4="10.20.0.31", mac="00:15:5d:0a:14:77"),
            ],
            servers=Servers(dhcp=LEASE + ["dhcp-host=00:15:5d:0a:14:1f,10.20.0.31"]),
        ),
        Scenario(
            "address-conflict",
            [
                Device(BEGIN + SIGN_IN + profile(2) + identity()),
                Device([["announce", "10.20.0.31", 200, 0.4]], mac="00:15:5d:0a:14:77"),
            ],
        ),
        Scenario(
            "vlan-change",
            by_dhcp([["dhcp"]] + moved),
            rules=[sni("blackhole", update)],
            servers=Servers(dhcp=TWO_NETWORKS),
            vlans=(110, 120),
        ),
        Scenario(
            "eap-refused",
            by_dhcp([["eap", "wrong", 8], ["dhcp", 2, 3]]),
            servers=Servers(eap="secret", dhcp=LEASE),
            rules=[{"do": "drop", "proto": "udp", "port": 67}],
        ),
        Scenario(
            "clock-rejected",
            [Device(run(2), clock="-400d", options=TLS12)],
            rules=[{"do": "drop", "proto": "udp", "port": 123}],
        ),
    ]


def all_scenarios():
    return (
        good()
        + dns()
        + ntp()
        + tcp()
        + tls()
        + paths()
        + http()
        + web()
        + more()
        + link()
        + link6()
    )
