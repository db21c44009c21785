"""Owns the key pair that push services know this daemon by (VAPID, RFC 8292): made when a device
first asks for it, kept in a file that only the user may read, and what is signed with it.

What it is made with takes its time to load and is loaded when it is first needed, in a thread.
"""

import base64
import json
from typing import TYPE_CHECKING

import trio

from claudetted.protocol import places
from claudetted.store.secrets import PrivateFile

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

FILE = "push_keys.json"
_NAME = "vapid"
_COORDINATE_BYTES = 32


class PushKeys:
    """Raises SecretsRefused where the file cannot be read or written."""

    def __init__(self) -> None:
        self._private: EllipticCurvePrivateKey | None = None
        self._reading = trio.Lock()

    async def public(self) -> str:
        """The point of the public key, uncompressed, in base64url."""
        return encoded(await trio.to_thread.run_sync(_point, await self._key()))

    async def authorization(self, audience: str, subject: str, expires: int) -> str:
        """The header for a push service: `audience` is its origin, `subject` who can be asked about
        us, or empty, and `expires` is in seconds of Unix time, at most a day ahead."""
        claims = {"aud": audience, "exp": expires, **({"sub": subject} if subject else {})}
        token = await trio.to_thread.run_sync(_signed, await self._key(), claims)
        return f"vapid t={token}, k={await self.public()}"

    async def _key(self) -> "EllipticCurvePrivateKey":
        async with self._reading:
            if self._private is None:
                self._private = await trio.to_thread.run_sync(_kept)
            return self._private


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Raises ValueError."""
    if not text.isascii():
        raise ValueError("base64url is ASCII")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _kept() -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    file = PrivateFile(places.data_dir() / FILE)
    if held := file.read(_NAME):
        return ec.derive_private_key(int.from_bytes(decoded(held)), ec.SECP256R1())
    made = ec.generate_private_key(ec.SECP256R1())
    secret = made.private_numbers().private_value
    file.write(_NAME, encoded(secret.to_bytes(_COORDINATE_BYTES)))
    return made


def _point(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _signed(key: "EllipticCurvePrivateKey", claims: dict[str, object]) -> str:
    """A JSON Web Token, signed with ES256."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    parts = ({"typ": "JWT", "alg": "ES256"}, claims)
    body = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    r, s = utils.decode_dss_signature(key.sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)
    return f"{body}.{encoded(signature)}"
