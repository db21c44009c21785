"""Owns the rows of the registry that concern other machines: the door for them, and devices."""

from claudetted.protocol import devices, errors, errors_remote, remote
from claudetted.protocol.base import Empty, NoParams
from claudetted.protocol.method import Method

METHODS: tuple[Method, ...] = (
    Method(
        "remote/enable",
        remote.EnableParams,
        remote.RemoteResult,
        "Opens the door for browsers and other machines, also after a restart.",
        "administer",
        (errors_remote.RemoteRefused, errors_remote.CannotListen, errors.StoreFull),
        waits=True,
    ),
    Method(
        "remote/disable",
        NoParams,
        Empty,
        "Closes it, with every connection through it. Devices stay paired.",
        "administer",
        (errors.StoreFull,),
        waits=True,
    ),
    Method(
        "device/pair",
        devices.PairParams,
        devices.PairResult,
        "Makes a code that lets in one device, for a minute.",
        "administer",
        (errors_remote.RemoteDisabled,),
    ),
    Method("device/list", NoParams, devices.ListResult, "Lists the paired devices.", "watch"),
    Method(
        "device/revoke",
        devices.RevokeParams,
        Empty,
        "Takes a device's access away, and closes its connections.",
        "administer",
        (errors_remote.DeviceNotFound, errors.StoreFull),
        waits=True,
    ),
    Method(
        "device/pushKey",
        NoParams,
        devices.PushKeyResult,
        "The key that a browser subscribes to Web Push with.",
        "watch",
        (errors.StoreFull,),
        waits=True,
    ),
    Method(
        "device/subscribe",
        devices.SubscribeParams,
        Empty,
        "Notifies the device that asks by Web Push.",
        "watch",
        (errors_remote.NotADevice, errors.StoreFull),
        waits=True,
    ),
    Method(
        "device/unsubscribe",
        NoParams,
        Empty,
        "Notifies it no more.",
        "watch",
        (errors_remote.NotADevice, errors.StoreFull),
        waits=True,
    ),
)
