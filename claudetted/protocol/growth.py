"""Owns what may change inside a protocol level: nothing but growth.

A frozen level is a signature of an earlier schema document. What clients send may gain optional
fields and values; what they read may gain fields, values and members. The errors of a method may
come and go: a client must bear all of them.
"""

from collections.abc import Iterator
from typing import Any

_SAYS_NOTHING = ("description", "title", "$schema")


def signature(document: dict[str, Any]) -> dict[str, Any]:
    """The schema document without its prose."""
    return {key: _bare(value) for key, value in document.items() if key not in _SAYS_NOTHING}


def breaks(frozen: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Every way in which a client of the frozen level would be let down, in words."""
    return [
        *_broken_methods(frozen["methods"], now["methods"]),
        *_broken_members("notification", frozen["notifications"], now["notifications"]),
        *_broken_errors(frozen["errors"], now["errors"]),
        *_broken_structs(frozen["$defs"], now["$defs"]),
    ]


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    # A property may itself be called `description`: prose is text, a property is a schema.
    return {
        key: _bare(inner)
        for key, inner in value.items()
        if not (key in _SAYS_NOTHING and isinstance(inner, str))
    }


def _broken_methods(frozen: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name, old in frozen.items():
        if name not in now:
            yield f"method {name} is gone"
            continue
        for part in ("params", "result"):
            if old[part] != now[name][part]:
                yield f"method {name} has other {part}"


def _broken_members(what: str, frozen: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name, old in frozen.items():
        if name not in now:
            yield f"{what} {name} is gone"
        elif old != now[name]:
            yield f"{what} {name} changed"


def _broken_errors(frozen: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name, old in frozen.items():
        if name not in now:
            yield f"error {name} is gone"
            continue
        if old["code"] != now[name]["code"]:
            yield f"error {name} has another code"
        yield from _broken_struct(f"{name}.data", old["data"], now[name]["data"])


def _broken_structs(frozen: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    for name, old in frozen.items():
        if name not in now:
            yield f"struct {name} is gone"
        else:
            yield from _broken_struct(name, old, now[name])


def _broken_struct(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for field, schema in old["properties"].items():
        if field not in new["properties"]:
            yield f"{name}.{field} is gone"
        elif not _grew(_told_like(new["properties"][field], schema), new["properties"][field]):
            yield f"{name}.{field} changed"
    if "additionalProperties" in old:
        for field in sorted(set(new.get("required", [])) - set(old.get("required", []))):
            yield f"{name}.{field} is now required"
    else:
        for field in sorted(set(old.get("required", [])) - set(new.get("required", []))):
            yield f"{name}.{field} may now be absent"


def _told_like(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """The old field; without its default where the new one is always told."""
    return old if "default" in new else {k: v for k, v in old.items() if k != "default"}


def _grew(old: Any, new: Any) -> bool:
    """Whether everything that fitted the old schema fits the new one and means the same."""
    if old == new:
        return True
    if not isinstance(old, dict) or not isinstance(new, dict) or old.keys() != new.keys():
        return False
    return all(_part_grew(key, old[key], new[key]) for key in old)


def _part_grew(key: str, old: Any, new: Any) -> bool:
    if key == "enum":
        return set(old) <= set(new)
    if key == "anyOf":
        return all(any(_grew(member, candidate) for candidate in new) for member in old)
    if key in ("maximum", "maxLength"):
        return bool(old <= new)
    if key in ("minimum", "minLength"):
        return bool(old >= new)
    if key in ("items", "additionalProperties"):
        return _grew(old, new)
    return bool(old == new)
