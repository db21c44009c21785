"""Owns the faults that concern other machines: the door for them, and devices."""

from claudetted.protocol.base import Data
from claudetted.protocol.errors import Fault


class RemoteRefused(Fault):
    code = -32040
    summary = (
        "Other machines would reach the address without TLS; the message says what to give with it."
    )

    class Details(Data, frozen=True):
        listen: str


class CannotListen(Fault):
    code = -32041
    summary = "The address is in use or is not this machine's, or the certificate cannot be read."

    class Details(Data, frozen=True):
        listen: str


class RemoteDisabled(Fault):
    code = -32042
    summary = "Devices are paired while the door for them is open; `remote/enable` opens it."


class DeviceNotFound(Fault):
    code = -32043
    summary = "No device has this id."

    class Details(Data, frozen=True):
        device_id: str


class NotADevice(Fault):
    code = -32044
    summary = "Web Push is for paired devices, and whoever asked is none."
