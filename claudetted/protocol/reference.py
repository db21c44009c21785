"""Owns the reference for people who write clients: Markdown made from the registry."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec.inspect as mi

from claudetted.protocol import errors, events, shapes
from claudetted.protocol.base import PROTOCOL_LEVEL
from claudetted.protocol.method import Method
from claudetted.protocol.registry import METHODS, NOTIFICATIONS
from claudetted.protocol.typescript import type_text

_EXAMPLES = Path(__file__).parents[2] / "clients/examples"

_TOLD = ", ".join(f"`{notification.name}`" for notification in NOTIFICATIONS)
_PREFACE = f"""\
# The client protocol, level {PROTOCOL_LEVEL}

Generated from `claudetted/protocol/` by `make protocol`; a test fails when it is stale.
The same as data: [protocol.json](protocol.json) (JSON Schema), [protocol.ts](protocol.ts).

## Connect

The daemon listens on a Unix socket that only its user can reach:

| where | socket |
|---|---|
| `CLAUDETTED_RUNTIME_DIR` is set | `$CLAUDETTED_RUNTIME_DIR/claudetted.sock` |
| `CLAUDETTED_DATA_DIR` is set | `$CLAUDETTED_DATA_DIR/run/claudetted.sock` |
| Linux | `$XDG_RUNTIME_DIR/claudetted/claudetted.sock` |
| macOS | `~/Library/Caches/TemporaryItems/claudetted/claudetted.sock` |

A path over 100 bytes moves to a directory of ours under the temporary directory.
`claudette status` tells the path. Where no daemon runs, any other command starts one.

JSON-RPC 2.0, one object a line, UTF-8, `\\n` between. By hand:

```
$ nc -U "$XDG_RUNTIME_DIR/claudetted/claudetted.sock"
{{"jsonrpc":"2.0","id":1,"method":"daemon/hello","params":{{"name":"me","kind":"script"}}}}
{{"jsonrpc":"2.0","id":2,"method":"chat/create","params":{{"cwd":"/home/me/project"}}}}
{{"jsonrpc":"2.0","id":3,"method":"event/subscribe","params":{{"chatId":"..."}}}}
{{"jsonrpc":"2.0","id":4,"method":"turn/send","params":{{"chatId":"...","text":"Fix the test."}}}}
```

Every request is answered once, under its id; a greeting is optional. Between the answers come
notifications, which have no id: {_TOLD}.

## Rules

- A client sends requests only. A message without an id is not carried out.
- An absent field means its default: null, empty, zero or false unless another is named.
- An unknown field in parameters is an error that names its path. Unknown fields, values of an
  enumeration, event types and notifications in what you read must be ignored: inside a level the
  protocol grows and nothing is taken away.
- Times are RFC 3339 UTC, sizes and offsets are bytes of UTF-8, money is USD, ids are opaque.
- Lists are paged: send the `cursor` of a page to get the next; it is null on the last page.
- A request with a `key` is done once, however often it is sent with this key; a reconnecting
  client sends it again and gets the same answer.
- Requests are answered in the order they came, except for methods that are marked *waits*.
- A request line may have 16 MiB.
"""

_JSONRPC_ERRORS = """\
Every method may also answer with the errors of JSON-RPC itself: -32700 (not JSON), -32600 (not a
request), -32601 (no such method); and with `InvalidParams`, `BadText`, `TooLarge` and `Internal`.
`error.message` is one sentence for a person, `error.data.name` the name below for a program.
"""


def markdown() -> str:
    roots = [struct for m in METHODS for struct in (m.params, m.result)]
    told = {*roots, *(n.params for n in NOTIFICATIONS), *events.Event.__args__}
    shared = [s for s in shapes.reachable(roots) if s not in told]
    sections: list[str] = [_PREFACE, _examples(), "## Methods\n"]
    sections += [_method(method) for method in METHODS]
    sections.append("## Notifications\n")
    sections += [_struct(n.name, n.params) for n in NOTIFICATIONS]
    sections.append("## Events\n\nWhat `event` carries; `type` is the heading.\n")
    sections += [_struct(str(shapes.shape_of(e).tag), e) for e in events.Event.__args__]
    sections.append("## Structures\n")
    sections += [_struct(shapes.name_of(struct), struct) for struct in _sorted(shared)]
    sections += ["## Errors\n", _JSONRPC_ERRORS, "\n".join(_error_rows())]
    return "\n".join(sections).rstrip() + "\n"


def _examples() -> str:
    """A whole client in two languages; the tests run them."""
    told = ["## A client in thirty lines\n"]
    for name, language in (("attach.py", "python"), ("attach.lua", "lua")):
        text = (_EXAMPLES / name).read_text(encoding="utf-8")
        told.append(f"[{name}](examples/{name})\n\n```{language}\n{text}```\n")
    return "\n".join(told)


def _method(method: Method) -> str:
    waits = " *Waits.*" if method.waits else ""
    faults = ", ".join(f"`{fault.__name__}`" for fault in method.faults)
    parts = [f"### `{method.name}`\n\n{method.doc}{waits}\n"]
    parts += _described("Parameters", method.params)
    parts += _described("Result", method.result)
    if faults:
        parts.append(f"**Errors**: {faults}\n")
    return "\n".join(parts)


def _described(what: str, struct: shapes.Struct) -> Iterator[str]:
    fields = list(_fields(struct))
    if not fields:
        yield f"**{what}**: none\n"
        return
    doc = " ".join(shapes.doc_of(struct).split())
    yield f"**{what}**{': ' if doc else ''}{doc}\n"
    yield "\n".join(fields) + "\n"


def _struct(title: str, struct: shapes.Struct) -> str:
    parts = [f"### `{title}`\n", shapes.doc_of(struct), "\n".join(_fields(struct))]
    return "\n".join(f"{part.rstrip()}\n" for part in parts if part)


def _fields(struct: shapes.Struct) -> Iterator[str]:
    docs = shapes.field_docs(struct)
    for field in shapes.shape_of(struct).fields:
        mark = "" if field.required else ", optional"
        default = _default_text(field)
        doc = docs.get(field.encode_name, "")
        tail = f": {doc}" if doc else ""
        yield f"- `{field.encode_name}` `{type_text(field.type, struct)}`{mark}{default}{tail}"


def _default_text(field: mi.Field) -> str:
    default = None if field.required else shapes.default_of(field)
    return f" (`{json.dumps(default)}`)" if default else ""


def _error_rows() -> Iterator[str]:
    yield "| code | name | when | data |"
    yield "|---|---|---|---|"
    for fault in errors.all_faults():
        data = ", ".join(f"`{name}`" for name in fault.Details.__struct_encode_fields__)
        yield f"| {fault.code} | `{fault.__name__}` | {fault.summary} | {data} |"


def _sorted(structs: Iterable[shapes.Struct]) -> list[shapes.Struct]:
    return sorted(structs, key=shapes.name_of)
