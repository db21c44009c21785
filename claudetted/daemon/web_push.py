"""Owns notifications by Web Push (RFC 8030): one encrypted message for each device that asked for
them. A push service learns that there is one, and nothing of it."""

import json
import logging
import os
import time
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import urlsplit

import trio

from claudetted.daemon.notice import Notice
from claudetted.protocol.devices import SubscribeParams
from claudetted.providers.http import HttpFailed, post_outside
from claudetted.rpc.doors.web.pairing import Pairing
from claudetted.rpc.doors.web.push_keys import PushKeys, decoded, encoded
from claudetted.store.secrets import SecretsRefused
from claudetted.store.writer import StoreRefused

logger = logging.getLogger(__name__)

KEPT_SECONDS = 4 * 3600
"""How long a push service keeps a message for a device that is off."""
_SIGNED_SECONDS = 12 * 3600
_MOST_TITLE = 200
"""Characters: a message has less than 4 KiB."""
_GONE = (404, 410)
_TOPIC_LETTERS = 32


class WebPush:
    """Sends to all devices at once. `origin` is where the page is."""

    def __init__(self, pairing: Pairing, keys: PushKeys, origin: Callable[[], str]) -> None:
        self._pairing = pairing
        self._keys = keys
        self._origin = origin

    @property
    def wanted(self) -> bool:
        return bool(self._pairing.subscriptions)

    async def send(self, notice: Notice) -> None:
        """Error handling: what cannot be delivered is logged; the chat waits all the same."""
        async with trio.open_nursery() as nursery:
            for device_id, where in self._pairing.subscriptions:
                nursery.start_soon(self._send, device_id, where, notice)

    async def _send(self, device_id: str, where: SubscribeParams, notice: Notice) -> None:
        try:
            body = await trio.to_thread.run_sync(_sealed, message(notice), where)
            headers = await self._headers(where, notice)
            await post_outside(where.endpoint, body, headers, env=os.environ)
        except HttpFailed as fault:
            if fault.status in _GONE:
                await self._forget(device_id)
            else:
                logger.warning("a device was not notified: %s", fault)
        except ValueError:
            await self._forget(device_id)
        except SecretsRefused as fault:
            logger.warning("no device can be notified: %s", fault)

    async def _headers(self, where: SubscribeParams, notice: Notice) -> dict[str, str]:
        parts = urlsplit(where.endpoint)
        # Some services refuse who names nothing of the internet.
        subject = self._origin() if self._origin().startswith("https:") else ""
        expires = int(time.time()) + _SIGNED_SECONDS
        audience = f"{parts.scheme}://{parts.netloc}"
        return {
            "Authorization": await self._keys.authorization(audience, subject, expires),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_SECONDS),
            "Urgency": "high" if notice.words else "normal",
            "Topic": encoded(sha256(notice.chat_id.encode()).digest())[:_TOPIC_LETTERS],
        }

    async def _forget(self, device_id: str) -> None:
        """Its browser has ended the subscription, or never had it."""
        logger.info("the device %s is notified no more: its subscription is gone", device_id)
        try:
            await self._pairing.subscribe(device_id, None)
        except StoreRefused as refusal:
            logger.warning("could not forget a subscription: %s", refusal)


def message(notice: Notice) -> bytes:
    """What the page's worker reads. Nothing of what was said or asked, and nothing that decides;
    without words it takes back what was there."""
    told = {"chatId": notice.chat_id, "title": notice.title[:_MOST_TITLE], "words": notice.words}
    return json.dumps(told).encode()


def _sealed(body: bytes, where: SubscribeParams) -> bytes:
    from claudetted.daemon.sealing import sealed

    return sealed(body, decoded(where.p256dh), decoded(where.auth))
