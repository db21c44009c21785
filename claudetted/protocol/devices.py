"""Owns devices: telephones and other machines that were let in, each with a token of its own."""

from typing import NewType

from claudetted.protocol.base import Data, Params
from claudetted.protocol.rights import Right

DeviceId = NewType("DeviceId", str)

CODE_SECONDS = 60
"""How long a pairing code is good for, and for one device."""

MOST_NAME = 60
"""Characters of a device's name."""


class Device(Data, frozen=True):
    """One device. Its token is known to it alone: a hash of it is stored."""

    id: DeviceId
    name: str
    right: Right
    created_at: str
    seen_at: str = ""
    """When it connected last."""
    connections: int = 0
    notified: bool = False
    """It gets notifications by Web Push."""


class PairParams(Params, frozen=True):
    """Makes a code for one device. `name` is what the device will be called; without one it says
    its own. `right` is the most it may do."""

    name: str = ""
    right: Right = "work"


class PairResult(Data, frozen=True):
    """`url` holds the code in its fragment, which no server and no log ever gets."""

    code: str
    url: str
    expires_at: str


class ListResult(Data, frozen=True):
    devices: list[Device] = []


class PushKeyResult(Data, frozen=True):
    """What a browser's `PushManager.subscribe` takes as `applicationServerKey`."""

    key: str


class SubscribeParams(Params, frozen=True):
    """A browser's `PushSubscription`: the address of its push service, and what only the browser
    can read messages with. Keys are base64url. It replaces the one before."""

    endpoint: str
    p256dh: str
    auth: str


class RevokeParams(Params, frozen=True):
    """Its token is worth nothing from then on, and its connections are closed."""

    device_id: DeviceId


class ExchangeParams(Params, frozen=True):
    """What a device sends to `POST /pair`, as JSON: the code, and a name for itself."""

    code: str
    name: str = ""


class ExchangeResult(Data, frozen=True):
    """What it is answered: the token is told once."""

    token: str
    device: Device
