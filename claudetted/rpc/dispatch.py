"""Owns requests from bytes to reply: parsing, lookup, typed parameters, faults.

jsonrpcserver does the JSON-RPC part through its public names. Its async dispatcher needs
asyncio, so it is given wrappers that only note the call; the calls are made here afterwards.
"""

import json
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from claudetted.chat.log_context import speaking_of
from claudetted.protocol import errors
from claudetted.protocol.method import Method
from claudetted.protocol.registry import BY_NAME
from claudetted.rpc.caller import Caller
from claudetted.rpc.lean import without
from claudetted.wire import jsonrpc

with without("asyncio", "http.server", "jsonschema.validators"):
    from jsonrpcserver import (
        Error,
        InvalidParams as PositionalParams,
        Result,
        Success,
        dispatch_to_serializable,
    )

logger = logging.getLogger(__name__)

Handler = Callable[[Caller, Any], Awaitable[Any]]

_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600
_REFUSED = ""
"""Stands for the method of a request that is none, so that its neighbours are answered."""
_SENTENCES = {
    _PARSE_ERROR: ("ParseError", "The line is not JSON."),
    _INVALID_REQUEST: (
        "InvalidRequest",
        "The line is not a JSON-RPC 2.0 request: it needs jsonrpc and method, params by name, and "
        "an id that is a string or a number.",
    ),
    -32601: ("MethodNotFound", "There is no such method."),
}

_PLACE = re.compile(r" - at `(.*)`$", re.DOTALL)
_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(.*?)`", re.DOTALL)


class Call(msgspec.Struct):
    """A request that was parsed and is not yet carried out."""

    method: Method
    arguments: dict[str, Any]

    @property
    def chat(self) -> str:
        """Which it names, if any."""
        return str(self.arguments.get("chatId") or "")


class Parsed(msgspec.Struct, eq=False):
    """A line: its calls, and its replies in which each result is the number of a call."""

    calls: list[Call]
    replies: Any
    """One, a list of them for a batch, or None when nothing may be answered."""
    waits: bool
    """Whether the answer may take its time."""


class Dispatcher:
    """The services that every line of every client goes through.

    Error handling: the bulkhead of a request is here: a fault that no method declares is logged
    under an id, and the client gets the id.
    """

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    def parse(self, line: bytes) -> Parsed:
        """Never raises: what is wrong with the line is in the replies."""
        calls: list[Call] = []
        methods: dict[str, Callable[..., Result]] = {
            name: partial(_note, calls, row) for name, row in BY_NAME.items()
        }
        replies = dispatch_to_serializable(
            line, methods | {_REFUSED: _refuse}, deserializer=_decode, validator=_require_some
        )
        if isinstance(replies, dict) and replies.get("error", {}).get("code") == _PARSE_ERROR:
            replies = _why_unread(line) or replies
        return Parsed(calls, replies, any(call.method.waits for call in calls))

    async def answer(self, parsed: Parsed, caller: Caller) -> bytes:
        """Makes the calls in their order and gives the frame that answers the line.

        It is empty for a notification, and for a batch of them: they are carried out, and what
        comes of it is told to nobody.
        """
        answered: dict[int, dict[str, Any]] = {}
        for reply in _listed(parsed.replies):
            if "error" in reply:
                _in_plain_words(reply)
            else:
                answered[reply["result"]] = reply
        for number, call in enumerate(parsed.calls):
            with speaking_of(call.chat):
                await self._make(call, answered.get(number, {"result": number}), caller)
        return jsonrpc.replies(parsed.replies) if parsed.replies is not None else b""

    async def _make(self, call: Call, reply: dict[str, Any], caller: Caller) -> None:
        try:
            caller.client.peer.require(call.method.right, call.method.name)
            params = _typed(call)
            result = await self._handlers[call.method.name](caller, params)
            reply["result"] = jsonrpc.encoded(result)
        except errors.Fault as fault:
            _fail(reply, fault)
        except Exception:
            log_id = uuid.uuid4().hex[:12]
            logger.exception("fault %s in %s", log_id, call.method.name)
            message = f"The daemon failed; its log has the details under {log_id}."
            _fail(reply, errors.Internal(message, log_id=log_id))


def _listed(replies: Any) -> list[dict[str, Any]]:
    if replies is None:
        return []
    return replies if isinstance(replies, list) else [replies]


def _note(calls: list[Call], method: Method, /, *positional: Any, **arguments: Any) -> Result:
    if positional:
        return PositionalParams("Parameters go by name.")
    calls.append(Call(method, arguments))
    return Success(len(calls) - 1)


def _refuse() -> Result:
    return Error(_INVALID_REQUEST, "")


def _decode(line: Any) -> Any:
    """The request, or the batch, with `_REFUSED` in place of what is no request."""
    decoded = msgspec.json.decode(line)
    if isinstance(decoded, list):
        return [_request_or_refused(entry) for entry in decoded]
    return _request_or_refused(decoded)


def _request_or_refused(entry: Any) -> Any:
    if _is_request(entry):
        return entry
    request_id = entry.get("id") if isinstance(entry, dict) else None
    return {"method": _REFUSED, "id": request_id if _is_id(request_id) else None}


def _require_some(request: Any) -> Any:
    """A batch holds at least one request."""
    if not request:
        raise ValueError("an empty batch")
    return request


def _why_unread(line: bytes) -> dict[str, Any] | None:
    """JSON by its grammar, with escapes that are no text: the one thing to tell apart."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if _is_text(request):
        return None
    fault = errors.BadText("The request holds an unpaired UTF-16 surrogate.", path="$")
    request_id = request.get("id") if isinstance(request, dict) else None
    known = _is_id(request_id) and _is_text(request_id)
    return {"jsonrpc": "2.0", "id": request_id if known else None, "error": fault.to_wire()}


def _is_text(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_request(entry: Any) -> bool:
    """Or a notification, which is one without an id."""
    return (
        isinstance(entry, dict)
        and entry.get("jsonrpc") == "2.0"
        and isinstance(entry.get("method"), str)
        and entry["method"] != _REFUSED
        and isinstance(entry.get("params", {}), (dict, list))
        and _is_id(entry.get("id"))
    )


def _is_id(value: Any) -> bool:
    return value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool))


def _typed(call: Call) -> Any:
    """The parameters as the method declares them. Raises InvalidParams, which names the path."""
    try:
        params = msgspec.convert(call.arguments, call.method.params)
    except msgspec.ValidationError as error:
        raise errors.InvalidParams(f"{error}.", path=_path(str(error))) from None
    for field in ("env", "variables"):
        _check_environment(getattr(params, field, None) or {}, f"$.{field}")
    return params


def _check_environment(env: dict[str, str], path: str) -> None:
    """Every method's variables: what no process can be given is not taken down for one."""
    for name, value in env.items():
        if not name or "=" in name or "\0" in name:
            message = f"“{name}” is not the name of an environment variable."
            raise errors.InvalidParams(message, path=path)
        if "\0" in value:
            message = f"The environment variable {name} contains a NUL character."
            raise errors.InvalidParams(message, path=f"{path}.{name}")


def _path(complaint: str) -> str:
    """Where msgspec found a fault, down to a field that is missing or too much."""
    place = _PLACE.search(complaint)
    field = _FIELD.match(complaint)
    return (place[1] if place else "$") + (f".{field[1]}" if field else "")


def _in_plain_words(reply: dict[str, Any]) -> None:
    error = reply["error"]
    if error["code"] == errors.BadText.code:
        return
    if error["code"] in _SENTENCES:
        name, sentence = _SENTENCES[error["code"]]
        reply["error"] = {
            "code": error["code"],
            "message": sentence,
            "data": {"name": name, "about": str(error.get("data", ""))[:200]},
        }
    else:
        fault = errors.InvalidParams("Parameters go by name, as an object.")
        reply["error"] = fault.to_wire()


def _fail(reply: dict[str, Any], fault: errors.Fault) -> None:
    del reply["result"]
    reply["error"] = fault.to_wire()
