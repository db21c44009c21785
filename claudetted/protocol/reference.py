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
| another `HOME` or `XDG_DATA_HOME` than usual | the same in `claudetted-…`, named after the data |

A path over 100 bytes moves to a directory of ours under the temporary directory: a client checks
that the directory (which nobody else may write to), the socket and the process behind it are its
own user's before it sends anything. `claudetted.lock` in the data directory names the socket.
`claudette status` tells the path. Where no daemon runs, any other command starts one.

JSON-RPC 2.0, one object a line, UTF-8, `\\n` between. By hand:

```
$ nc -U "$XDG_RUNTIME_DIR/claudetted/claudetted.sock"
{{"jsonrpc":"2.0","id":1,"method":"daemon/hello","params":{{"name":"me","kind":"script"}}}}
{{"jsonrpc":"2.0","id":2,"method":"chat/create","params":{{"cwd":"/home/me/project"}}}}
{{"jsonrpc":"2.0","id":3,"method":"event/subscribe","params":{{"chatId":"..."}}}}
{{"jsonrpc":"2.0","id":4,"method":"turn/send","params":{{"chatId":"...","text":"Fix the test."}}}}
```

From a browser or another machine, once `claudette remote enable` has opened that door: a WebSocket
at `/socket`, whose text frames are the lines, without their `\\n`. Binary frames, compression and
messages over 16 MiB end the connection; a ping that is not answered in a minute does, too. A
request must call the daemon by the address it listens at (`localhost` on loopback) or by an origin
of the setting `remote_origins`, and its `Origin`, if any, must be one of these; else it gets 403.

| step | how |
|---|---|
| a code | `device/pair`: good for one device and a minute |
| its token | `POST /pair`, `{{"code": …, "name": …}}`: `{{"token": …, "device": …}}`, or 401 |
| a program connects | `Authorization: Bearer TOKEN`, or it gets 401 |
| a page connects | subprotocols `claudetted.1` and `claudetted.token.TOKEN` |
| the token is worth nothing, or nothing any more | closed with 4401: pair again |
| the door or the daemon goes | closed with 1001 or 1000: connect again, resume by cursor |

Every request is answered once, under its id; a greeting is optional. Between the answers come
notifications, which have no id: {_TOLD}.

## Rules

- A message without an `id` is a notification: it is carried out and never answered, and neither is
  a batch that holds notifications alone. A request whose `id` is null is answered with null.
- A client that closes its writing side is answered what it has asked, however long that takes; its
  subscriptions end there. A last line without its newline counts as a line.
- An absent field means its default: null, empty, zero or false unless another is named.
- Parameters go by name, as an object; without any, `params` is left out.
- An unknown field in parameters is an error that names its path. Unknown fields, values of an
  enumeration, event types and notifications in what you read must be ignored: inside a level the
  protocol grows and nothing is taken away.
- Times are RFC 3339 UTC, sizes and offsets are bytes of UTF-8, money is USD, ids are opaque.
- Lists are paged: send the `cursor` of a page to get the next; it is null on the last page.
- A request with a `key` is done once, however often it is sent with this key; a reconnecting
  client sends it again and gets the same answer.
- A method names the right that it *needs*, and a connection has one: `watch`, `decide`, `work`,
  `configure` or `administer`, each with all those before it. Over the Unix socket the user's own
  programs have `administer`, programs that an agent has started have `watch`; a device has what was
  chosen when it was paired. Parameters that do
  what another method does need its right: choosing model or level in `chat/create`, allowing for
  longer than `once`, answers that trust a project or set up a provider, `/level full` as a message.
  An `env` that comes with other parameters is ignored where the connection never had `administer`.
  `daemon/hello` answers with the `rights` that are left.
- Requests are answered in the order they came, except for methods that are marked *waits*.
- A request line may have 16 MiB.

## Follow a chat

`event/subscribe` answers with a snapshot; then come its events, numbered by `seq`, and deltas.
What a client shows is the snapshot folded with them, and the same in every client:

| what comes | what it does |
|---|---|
| an event whose `seq` is not above the last one | nothing: it was taken before |
| any other event | `seq` and `chat.updatedAt` are its own |
| `chat/created`, `chat/configured` | the chat is replaced |
| `chat/archived`, `chat/restored` | sets or empties `chat.archivedAt` |
| `chat/reset` | with `hidden` all items and older pages go; else nothing |
| `chat/deleted` | the chat is gone; nothing follows |
| `status/changed`, `context/changed` | sets `chat.status`, `chat.context` |
| `turn/started`, `turn/ended` | the turn is replaced; an end adds its usage to `chat.totals` |
| `turn/steered` | nothing: the message is an item of the running turn |
| `item/added` | a closed item joins the transcript |
| `item/opened` | an open item, with its place in the transcript from now on |
| `item/changed` | the open item is replaced, and keeps the text it has |
| `item/closed` | the item is closed, as the event has it: text and all; `discarded` is not shown |
| `delta` | the open item's text from `offset` (bytes) on is replaced; of no open item: nothing |
| `queue/changed` | queue and `paused` are replaced; `chat.queueLength` is counted |
| `permission/opened`, `/resolved` | one more or less; `chat.openPermissions` is counted |
| `question/opened`, `/resolved` | one more or less; `chat.openQuestions` is counted |
| `attention/raised`, `/cleared` | one more or less in `chat.attention`, the newest last |
| `compaction/started`, `/ended` | compacting or not; an end adds its usage to `chat.totals` |
| `sidecar/started` | the process is there |
| `sidecar/stopped`, `sidecar/lost` | no process, no compaction |
| anything else | nothing but the `seq` |

A delta that begins beyond the end of what is held, and an open item of a snapshot whose text is
shorter than `textBytes`, miss a piece: read it with `item/get` from the end of what is held. A
closed item whose text is shorter than `textBytes` is cut; its rest is read the same way when
somebody wants to see it. Pieces end with a whole character, so a `limit` below 4 may give none.
Snapshots and pages of history hold `discarded` items, too. A page that is on its way when a reset
hides all comes too late. Add usage by field; a cost that is null counts as none.

**Resume.** A cursor is a journal, a dot and a `seq`. `snapshot.cursor` is that of the snapshot;
after an event with `seq` 17 it is the part of `snapshot.cursor` before its last dot, then `.17`.
(`lagging` names it, too.) Send it as `after` of `event/subscribe`. The answer is `resumed`: keep
what you hold, all events after the cursor follow, then each open item's text as deltas from offset
0. Or it is a snapshot, when the cursor is of another journal or beyond its end: start afresh.

**Answers.** Every request is answered, once, unless the connection ends first: because either side
closes it, or because the client reads too slowly (`lagging` is then the last line, for a client
that reads on within two seconds). What was asked may have been done all the same; with a `key` it
can be asked again, also where a person sends it again. Notifications get no answer.

**All chats.** Subscribe to `all`, which needs no `chatId` and takes no cursor, and then ask for
`chat/list`. A `feed` may come between the two answers: it is newer than the first of them.

`tests/golden/folds/` has a case for each rule, as JSON: a snapshot, the lines that follow, and what
a client must show.
"""

_JSONRPC_ERRORS = """\
Every method may also answer with the errors of JSON-RPC itself: -32700 (not JSON), -32600 (not a
request), -32601 (no such method); and with `InvalidParams`, `BadText`, `TooLarge`, `NotAllowed` and
`Internal`.
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
    parts = [f"### `{method.name}`\n\n{method.doc} *Needs `{method.right}`.*{waits}\n"]
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
