"""Owns the command about browsers and other machines: the door for them, and devices."""

from __future__ import annotations

import os
import time

from claudette_cli.client import finding
from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE, NOT_FOUND, Failure
from claudette_cli.terminal.output import line, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import ModuleType
    from typing import Any

    Json = dict[str, Any]

RIGHTS = ("watch", "decide", "work", "configure", "administer")
INSECURE = "without TLS: whoever is on the way can read along and answer for you"


def declare_remote(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="enable|disable|pair|list|revoke|url")
    opening = verbs.add_parser("enable", help="let browsers and other machines in")
    opening.add_argument("--listen", metavar="ADDRESS:PORT", help="instead of 127.0.0.1:7433")
    opening.add_argument("--certificate", metavar="FILE", help="PEM; for TLS, with --key")
    opening.add_argument("--key", metavar="FILE", help="PEM; of the certificate")
    opening.add_argument(
        "--insecure", action="store_true", help="without TLS also where other machines listen in"
    )
    options.json(opening)
    options.json(verbs.add_parser("disable", help="close it, with every connection"))
    pairing = verbs.add_parser("pair", help="show a link that lets in one device, for a minute")
    pairing.add_argument("--name", default="", help="what the device is called")
    pairing.add_argument("--right", choices=RIGHTS, default="work", help="the most it may do")
    options.json(pairing)
    options.json(verbs.add_parser("list", help="list the paired devices"))
    revoking = verbs.add_parser("revoke", help="take a device's access away")
    revoking.add_argument("device", help="its id or name")
    options.json(revoking)
    options.json(verbs.add_parser("url", help="print the address of the page"))
    options.json(parser)


def run_remote(arguments: Namespace) -> int:
    acts = {"enable": _enable, "disable": _disable, "pair": _pair, "revoke": _revoke, "url": _url}
    with Daemon() as daemon:
        return acts.get(arguments.verb or "list", _list)(daemon, arguments)


def _enable(daemon: Daemon, arguments: Namespace) -> int:
    params: Json = {"insecure": True} if arguments.insecure else {}
    if arguments.listen:
        params["listen"] = arguments.listen
    for name in ("certificate", "key"):
        if path := getattr(arguments, name):
            params[name] = os.path.abspath(path)
    told = daemon.call("remote/enable", params)
    if arguments.json:
        output().json(told)
        return DONE
    output().say(f"The page is at {told['remote']['url']}")
    if told["remote"].get("insecure"):
        output().say(output().paint(f"Listening {INSECURE}.", "red"))
    if (service := _service()) and service.door_drift():
        output().say(
            "The service does not listen there itself yet. So that it starts the daemon for "
            "whoever connects: claudette service install"
        )
    output().say("Let a telephone or another machine in with: claudette remote pair")
    return DONE


def _service() -> ModuleType | None:
    """The manager of the service that runs this daemon, where one is installed."""
    from claudette_cli.service import files
    from claudette_cli.service.command import manager

    if finding.elsewhere() or files.names_other_instance() or not manager().installed():
        return None
    return manager()


def _disable(daemon: Daemon, arguments: Namespace) -> int:
    told = daemon.call("remote/disable")
    if service := _service():
        service.close_door()
    if arguments.json:
        output().json(told)
    else:
        output().say("Closed. Devices stay paired for the next time.")
    return DONE


def _pair(daemon: Daemon, arguments: Namespace) -> int:
    told = daemon.call("device/pair", {"name": arguments.name, "right": arguments.right})
    if arguments.json:
        output().json(told)
        return DONE
    from claudette_cli.rendering.qr import picture

    if drawn := picture(told["url"], output()):
        output().say(drawn)
    output().say(told["url"])
    output().say(
        f"Lets in one device within a minute, to {arguments.right}. On another machine: "
        f"claudette --host '{told['url']}'"
    )
    return DONE


def _list(daemon: Daemon, arguments: Namespace) -> int:
    told = daemon.call("device/list")
    if arguments.json:
        output().json(told.get("devices", []))
        return DONE
    from claudette_cli.rendering.figures import ago

    if not told.get("devices"):
        output().say("No device is paired; see: claudette remote pair")
    for device in told.get("devices", []):
        seen = ago(device["seenAt"], time.time()) if device.get("seenAt") else "never"
        state = "connected" if device.get("connections") else f"seen {seen}"
        row = f"{device['id']}  {line(device['name']):<24} {device['right']:<10} {state}"
        output().say(row)
    return DONE


def _revoke(daemon: Daemon, arguments: Namespace) -> int:
    wanted = arguments.device
    known = daemon.call("device/list").get("devices", [])
    found = [device for device in known if wanted in (device["id"], device["name"])]
    if len(found) > 1:
        raise Failure(f"Several devices are called {wanted}: give an id.", NOT_FOUND)
    device_id = found[0]["id"] if found else wanted
    told = daemon.call("device/revoke", {"deviceId": device_id})
    if arguments.json:
        output().json(told)
    else:
        output().say(f"{line(found[0]['name'])} is let in no more.")
    return DONE


def _url(daemon: Daemon, arguments: Namespace) -> int:
    remote = daemon.call("daemon/status").get("remote")
    if remote is None:
        raise Failure("Nothing listens; first run: claudette remote enable")
    if arguments.json:
        output().json({"url": remote["url"]})
    else:
        output().say(remote["url"])
    return DONE


VERBS = {"remote": (declare_remote, run_remote)}
