"""Owns what is advised where this command and the daemon are of different versions."""

from __future__ import annotations

from claudetted import __version__


def is_newer(told: str) -> bool:
    """Whether the daemon of this version is newer than this command."""
    return _numbers(told) > _numbers(__version__)


def advice(*, newer: bool) -> str:
    """For a daemon that is newer than this command, or one that an upgrade has left behind."""
    if newer:
        return (
            "this command is the older one: run it again if it was started before an upgrade; "
            "otherwise an older installation comes first in PATH (claudette doctor)"
        )
    return "replace the daemon with: claudette restart"


def _numbers(version: str) -> list[int]:
    """Of what is no number, such as a suffix, nothing is known."""
    return [int(part) for part in version.split(".") if part.isdecimal()]
