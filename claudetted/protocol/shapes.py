"""Owns the view of the message structs that the generators share: which, named how, said what.

Type names are stable: parameters and results carry their noun (`chats.ListParams` is
`ChatListParams`) because every noun has its own; everything else is named as its class.
"""

import ast
import functools
import inspect
import json
import sys
import typing
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import msgspec
import msgspec.inspect as mi

from claudetted.protocol.registry import METHODS, NOTIFICATIONS

Struct = type[msgspec.Struct]

_NOUNS = tuple(
    sorted(
        {name.capitalize() for name in [m.noun for m in METHODS] + [n.name for n in NOTIFICATIONS]}
    )
)


def reachable(roots: Iterable[Any]) -> list[Struct]:
    """Every struct that the roots mention, roots first, each once."""
    found: dict[Struct, None] = {}
    waiting = [mi.type_info(root) for root in roots]
    while waiting:
        shape = waiting.pop(0)
        if isinstance(shape, mi.StructType):
            if shape.cls in found:
                continue
            found[shape.cls] = None
        waiting.extend(_inside(shape))
    names = [name_of(struct) for struct in found]
    assert len(names) == len(set(names)), f"two structs share a name: {sorted(names)}"
    return list(found)


def shape_of(struct: Struct) -> mi.StructType:
    shape = mi.type_info(struct)
    assert isinstance(shape, mi.StructType)
    return shape


def name_of(struct: Struct) -> str:
    name = struct.__name__
    if not name.endswith(("Params", "Result")) or name == "NoParams" or name.startswith(_NOUNS):
        return name
    noun = struct.__module__.rsplit(".", 1)[1].removesuffix("s").capitalize()
    return noun + name


def doc_of(struct: Struct) -> str:
    """The docstring, or nothing: a struct without one does not inherit that of its base."""
    return inspect.cleandoc(struct.__dict__.get("__doc__") or "")


@functools.cache
def field_docs(struct: Struct) -> dict[str, str]:
    """What is written under the fields, by wire name."""
    body = ast.parse(inspect.getsource(sys.modules[struct.__module__])).body
    for name in struct.__qualname__.split("."):
        body = next(n.body for n in body if isinstance(n, ast.ClassDef) and n.name == name)
    wire = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
    docs = {}
    for field, below in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = ast.literal_eval(below.value) if _is_string(below) else ""
            docs[wire[field.target.id]] = " ".join(text.split())
    return docs


@functools.cache
def choices(struct: Struct) -> dict[frozenset[Any], tuple[Any, ...]]:
    """The literals of a struct in the order they were written; msgspec sorts them."""
    hints = typing.get_type_hints(struct, include_extras=True)
    return {frozenset(values): values for hint in hints.values() for values in _literals(hint)}


def default_of(field: mi.Field) -> Any:
    """What an absent field means, as JSON data."""
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.to_builtins(field.default_factory())
    if isinstance(field.default, msgspec.Raw):
        return json.loads(bytes(field.default))
    return msgspec.to_builtins(field.default)


def _inside(shape: mi.Type) -> Iterator[mi.Type]:
    match shape:
        case mi.StructType():
            yield from (field.type for field in shape.fields)
        case mi.UnionType():
            yield from shape.types
        case mi.ListType():
            yield shape.item_type
        case mi.DictType():
            yield shape.value_type


def _literals(hint: Any) -> Iterator[tuple[Any, ...]]:
    if typing.get_origin(hint) is typing.Literal:
        yield typing.get_args(hint)
        return
    for inner in typing.get_args(hint):
        yield from _literals(inner)


def _is_string(node: ast.stmt) -> typing.TypeGuard[ast.Expr]:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
