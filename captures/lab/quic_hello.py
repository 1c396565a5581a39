"""quic_hello: QUIC version 1 Initial packets with a ClientHello (RFC 9000, 9001).

SPDX-License-Identifier: MIT

Enough for a client whose packets never arrive: nothing goes on after the first flight.
"""

import os
import struct

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

INITIAL_SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
DATAGRAM = 1200
NUMBER_LEN = 4
TAG = 16


def vector(data, size):
    return len(data).to_bytes(size, "big") + data


def extension(number, data):
    return struct.pack("!H", number) + vector(data, 2)


def client_hello(host, scid):
    share = x25519.X25519PrivateKey.generate().public_key()
    key = share.public_bytes(Encoding.Raw, PublicFormat.Raw)
    # max_idle_timeout, initial_max_data, initial_max_streams_bidi, initial_source_connection_id
    transport = bytes.fromhex("01048000753004048007ffff080240640f") + vector(scid, 1)
    body = b"".join(
        [
            extension(0, vector(b"\0" + vector(host.encode(), 2), 2)),
            extension(10, vector(bytes.fromhex("001d0017"), 2)),
            extension(13, vector(bytes.fromhex("0403080404010503080508060601"), 2)),
            extension(16, vector(vector(b"h3", 1), 2)),
            extension(43, vector(bytes.fromhex("0304"), 1)),
            extension(45, vector(b"\1", 1)),
            extension(51, vector(bytes.fromhex("001d") + vector(key, 2), 2)),
            extension(57, transport),
        ]
    )
    suites = bytes.fromhex("130113021303")
    hello = b"\3\3" + os.urandom(32) + b"\0" + vector(suites, 2) + b"\1\0" + vector(body, 2)
    return b"\1" + vector(hello, 3)


def expand(secret, label, length):
    info = struct.pack("!H", length) + vector(b"tls13 " + label, 1) + b"\0"
    return HKDFExpand(algorithm=hashes.SHA256(), length=length, info=info).derive(secret)


def client_keys(dcid):
    extract = hmac.HMAC(INITIAL_SALT, hashes.SHA256())
    extract.update(dcid)
    secret = expand(extract.finalize(), b"client in", 32)
    return (
        expand(secret, b"quic key", 16),
        expand(secret, b"quic iv", 12),
        expand(secret, b"quic hp", 16),
    )


def initials(host, count):
    """`count` datagrams of 1200 bytes: the first flight and its repeats, numbered."""
    dcid, scid = os.urandom(8), os.urandom(8)
    keys = client_keys(dcid)
    hello = client_hello(host, scid)
    frame = b"\6\0" + struct.pack("!H", 0x4000 | len(hello)) + hello
    head = b"\xc3" + struct.pack("!I", 1) + vector(dcid, 1) + vector(scid, 1) + b"\0"
    return [sealed(keys, head, frame, number) for number in range(count)]


def sealed(keys, head, frame, number):
    key, iv, protect = keys
    room = DATAGRAM - len(head) - 2
    head += struct.pack("!HI", 0x4000 | room, number)
    plain = frame.ljust(room - NUMBER_LEN - TAG, b"\0")
    nonce = bytes(a ^ b for a, b in zip(iv, number.to_bytes(12, "big")))
    body = AESGCM(key).encrypt(nonce, plain, head)
    # Header protection, RFC 9001 section 5.4.
    cipher = Cipher(algorithms.AES(protect), modes.ECB()).encryptor()
    mask = cipher.update(body[:16])
    first = bytes([head[0] ^ (mask[0] & 0x0F)])
    hidden = bytes(a ^ b for a, b in zip(head[-NUMBER_LEN:], mask[1:]))
    return first + head[1:-NUMBER_LEN] + hidden + body
