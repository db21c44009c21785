"""Owns a push service and a browser that subscribes to it: messages are really decrypted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from queue import Queue

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from claudetted.rpc.doors.web.push_keys import encoded
from tests.fakes.authority import Authority
from tests.fakes.serving import answering, serving

PATIENCE = 30.0


class Browser:
    """What a page gets from `PushManager.subscribe`, and what its browser does with a message."""

    def __init__(self, endpoint: str) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._secret = b"0123456789abcdef"
        self._point = point_of(self._private.public_key())
        self.subscription = {
            "endpoint": endpoint,
            "p256dh": encoded(self._point),
            "auth": encoded(self._secret),
        }

    def read(self, body: bytes) -> bytes:
        """RFC 8291, from the browser's side."""
        salt, length = body[:16], body[20]
        theirs, record = body[21 : 21 + length], body[21 + length :]
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        shared = self._private.exchange(ec.ECDH(), sender)
        info = b"WebPush: info\0" + self._point + theirs
        material = HKDF(hashes.SHA256(), 32, self._secret, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(material)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(material)
        return AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0").removesuffix(b"\2")


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


@dataclass(frozen=True)
class Posted:
    path: str
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes


class PushService:
    """Answers every message with `status`."""

    def __init__(self) -> None:
        self.status = 201
        self.url = ""
        self._posted: Queue[Posted] = Queue()

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        # Before the answer, upon which the next one may be posted.
        self._posted.put(Posted(handler.path, headers, body))
        answering(self.status, b"")(handler)

    def next(self) -> Posted:
        """Blocks."""
        return self._posted.get(timeout=PATIENCE)


@contextmanager
def push_service(authority: Authority) -> Iterator[PushService]:
    service = PushService()
    with serving(service.take, authority.tls) as url:
        service.url = url.replace("127.0.0.1", "localhost")
        yield service
