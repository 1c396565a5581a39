"""pki: certificates for the servers of the lab, under issuers named like the public ones.

SPDX-License-Identifier: MIT

Nothing here is trusted by anyone: the keys are made anew on every run and are thrown away with it.
"""

import datetime
import threading
from pathlib import Path

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

MICROSOFT = [("C", "US"), ("O", "Microsoft Corporation")]
REDMOND = [("C", "US"), ("ST", "Washington"), ("L", "Redmond"), ("O", "Microsoft Corporation")]
DIGICERT = [("C", "US"), ("O", "DigiCert Inc")]

# issuer key: subject of the root, subject of the issuing authority
AUTHORITIES = {
    "microsoft": (
        DIGICERT + [("OU", "www.digicert.com"), ("CN", "DigiCert Global Root G2")],
        MICROSOFT + [("CN", "Microsoft Azure RSA TLS Issuing CA 04")],
    ),
    "digicert": (
        DIGICERT + [("OU", "www.digicert.com"), ("CN", "DigiCert Global Root CA")],
        DIGICERT + [("CN", "DigiCert SHA2 Secure Server CA")],
    ),
    "update": (
        REDMOND + [("CN", "Microsoft Root Certificate Authority 2011")],
        REDMOND + [("CN", "Microsoft Update Secure Server CA 2.1")],
    ),
    "contoso": (
        [("O", "Contoso"), ("CN", "Contoso Root CA")],
        [("O", "Contoso"), ("CN", "Contoso Web Gateway CA")],
    ),
    # A public authority that nobody has heard of yet: its certificates are in public logs.
    "logged": (
        [("O", "Example Trust Services"), ("CN", "Example Trust Root R7")],
        [("O", "Example Trust Services"), ("CN", "Example Trust TLS CA 2K26")],
    ),
    # A box that signs with its root.
    "branch": (
        [("CN", "BRANCH-GW-14")],
        [("CN", "BRANCH-GW-14")],
    ),
}
NO_INTERMEDIATE = ("branch",)

SUBJECT_OF_ISSUER = {
    "microsoft": REDMOND,
    "digicert": REDMOND,
    "update": REDMOND[:3] + [("O", "Microsoft"), ("OU", "DSP")],
    "contoso": [],
    "logged": REDMOND,
    "branch": [],
}

OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}

NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)
# Days from now.
VALIDITY = {
    "good": (-60, 120),
    "expired": (-190, -9),
    "future": (8, 188),
    "fresh": (-0.1, 365),
}
LOGS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def name(parts):
    return x509.Name([x509.NameAttribute(OIDS[key], value) for key, value in parts])


def new_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def timestamps():
    """Signed certificate timestamps (RFC 6962 section 3.3) of two logs, DER; the signatures are none."""
    stamps = b""
    for log in (b"\x51", b"\xa7"):
        stamp = b"\0" + log * 32 + int(NOW.timestamp() * 1000).to_bytes(8, "big") + b"\0\0"
        stamp += b"\4\3" + (72).to_bytes(2, "big") + b"\x30\x46" + log * 70
        stamps += len(stamp).to_bytes(2, "big") + stamp
    content = len(stamps).to_bytes(2, "big") + stamps
    return b"\x04\x82" + len(content).to_bytes(2, "big") + content


class Authority:
    """One root with one issuing authority below it."""

    def __init__(self, key):
        root, issuing = (name(parts) for parts in AUTHORITIES[key])
        self.kind = key
        self.root_key = new_key()
        self.key = self.root_key if key in NO_INTERMEDIATE else new_key()
        self.root = self._sign(root, root, self.root_key, self.root_key, 1)
        self.cert = self._sign(issuing, root, self.key, self.root_key, 0)
        if key in NO_INTERMEDIATE:
            self.cert = self.root

    @staticmethod
    def _sign(subject, issuer, key, issuer_key, path_length):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 900 * DAY)
            .not_valid_after(NOW + 2700 * DAY)
            .add_extension(x509.BasicConstraints(True, path_length), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(issuer_key, hashes.SHA256())
        )

    def leaf(self, host, key, start, end):
        """A server certificate for `host`; `start` and `end` in days from now."""
        subject = name(SUBJECT_OF_ISSUER[self.kind] + [("CN", host)])
        crl = x509.DistributionPoint(
            [x509.UniformResourceIdentifier("http://crl3.digicert.com/lab.crl")], None, None, None
        )
        builder = x509.CertificateBuilder()
        if self.kind == "logged":
            builder = builder.add_extension(
                x509.AuthorityInformationAccess(
                    [
                        x509.AccessDescription(
                            AuthorityInformationAccessOID.CA_ISSUERS,
                            x509.UniformResourceIdentifier("http://pki.example.net/2k26.crt"),
                        )
                    ]
                ),
                critical=False,
            ).add_extension(x509.UnrecognizedExtension(LOGS, timestamps()), critical=False)
        return (
            builder.subject_name(subject)
            .issuer_name(self.cert.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + start * DAY)
            .not_valid_after(NOW + end * DAY)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
            .add_extension(x509.CRLDistributionPoints([crl]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def crl(self):
        """An empty revocation list, DER."""
        crl = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.cert.subject)
            .last_update(NOW - DAY)
            .next_update(NOW + 6 * DAY)
            .sign(self.key, hashes.SHA256())
        )
        return crl.public_bytes(serialization.Encoding.DER)


class Pki:
    """All authorities, one server key for everyone, and a folder of finished chains."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.authorities = {key: Authority(key) for key in AUTHORITIES}
        self.server_key = new_key()
        self.key_file = self.folder / "server.key"
        self.key_file.write_bytes(
            self.server_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.roots_file = self.folder / "roots.pem"
        self.roots_file.write_bytes(b"".join(pem(a.root) for a in self.authorities.values()))
        self.public_roots_file = self.folder / "public-roots.pem"
        self.public_roots_file.write_bytes(
            b"".join(pem(a.root) for k, a in self.authorities.items() if k not in ("contoso", "branch"))
        )

    def chain(self, host, issuer, validity="good"):
        """The file with the chain for `host`."""
        path = self.folder / f"{host}.{issuer}.{validity}.pem"
        with self.lock:
            if not path.exists():
                authority = self.authorities[issuer]
                leaf = authority.leaf(host, self.server_key, *VALIDITY[validity])
                path.write_bytes(pem(leaf) + pem(authority.cert))
        return path

    def ocsp(self, issuer):
        """A signed "good" for a certificate of that authority, DER."""
        authority = self.authorities[issuer]
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=authority.leaf("login.live.com", self.server_key, *VALIDITY["good"]),
            issuer=authority.cert,
            algorithm=hashes.SHA1(),
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=NOW - DAY,
            next_update=NOW + 6 * DAY,
            revocation_time=None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, authority.cert)
        response = builder.sign(authority.key, hashes.SHA256())
        return response.public_bytes(serialization.Encoding.DER)
