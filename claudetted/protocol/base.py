"""Owns the bases of every message and the kinds of id.

Wire rules live here once: camelCase names, absent means default, unknown fields are an
error in what clients send and ignored in everything that is read.
"""

from typing import NewType

import msgspec

PROTOCOL_LEVEL = 1
"""The level of the client protocol. Inside a level the protocol only grows."""

SIDECAR_LEVEL = 1
"""The level of the sidecar line protocol that this daemon prefers."""

ChatId = NewType("ChatId", str)
TurnId = NewType("TurnId", str)
ItemId = NewType("ItemId", str)
PermissionId = NewType("PermissionId", str)
QuestionId = NewType("QuestionId", str)
SidecarId = NewType("SidecarId", str)


class Data(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Something the daemon tells. Readers ignore fields they do not know."""


class Params(
    msgspec.Struct,
    frozen=True,
    rename="camel",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """What a client asks with. An unknown field is an error that names its path."""


class Line(
    msgspec.Struct,
    frozen=True,
    rename="camel",
    omit_defaults=True,
    tag_field="type",
    gc=False,
):
    """One line between the daemon and a sidecar."""


class Empty(Data, frozen=True):
    """Nothing to tell beyond that it was done."""


class NoParams(Params, frozen=True):
    """The method takes no parameters."""
