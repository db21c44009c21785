"""Owns the encryption of one message of Web Push for one browser (RFC 8291, RFC 8188). Pure, but
for the salt and the key that each message has of its own.

Loading what it is made with takes its time: imported in a thread, when the first message goes out.
"""

import os

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MOST_BYTES = 3993
"""Of a message: a push service takes 4096 bytes, and the rest is needed."""

_SALT_BYTES = 16
_KEY_BYTES = 16
_NONCE_BYTES = 12
_RECORD_BYTES = 4096
_LAST_RECORD = b"\x02"


def sealed(
    message: bytes,
    browser: bytes,
    secret: bytes,
    salt: bytes | None = None,
    own: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """What is posted to the push service. `browser` is the point of the browser's public key and
    `secret` what it shares with us. Raises ValueError for what is no such point."""
    salt = salt or os.urandom(_SALT_BYTES)
    own = own or ec.generate_private_key(ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), browser)
    ours = own.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    shared = own.exchange(ec.ECDH(), theirs)
    material = _derived(shared, secret, b"WebPush: info\0" + browser + ours, 32)
    key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", _KEY_BYTES)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", _NONCE_BYTES)
    record = AESGCM(key).encrypt(nonce, message + _LAST_RECORD, None)
    return salt + _RECORD_BYTES.to_bytes(4) + len(ours).to_bytes(1) + ours + record


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(material)
