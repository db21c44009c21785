"""A server of one tool, in the Model Context Protocol on stdio: it asks how many, and answers."""

import json
import sys
from typing import Any

TOOL = {
    "name": "poke",
    "description": "Pokes.",
    "inputSchema": {"type": "object", "properties": {"a": {"type": "string"}}},
}
FORM = {
    "message": "How many?",
    "requestedSchema": {
        "type": "object",
        "properties": {"count": {"type": "integer"}},
        "required": ["count"],
    },
}


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def _call() -> dict[str, Any]:
    _say({"id": "asked", "method": "elicitation/create", "params": FORM})
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("id") == "asked":
            count = message["result"].get("content", {}).get("count")
            return {"content": [{"type": "text", "text": f"poked {count} times"}]}
        _take(message)
    raise EOFError


def _take(message: dict[str, Any]) -> None:
    if "id" not in message or "method" not in message:
        return
    match message["method"]:
        case "initialize":
            info = {"name": "srv", "version": "1"}
            version = message.get("params", {}).get("protocolVersion")
            result = {"protocolVersion": version, "capabilities": {"tools": {}}}
            _say({"id": message["id"], "result": result | {"serverInfo": info}})
        case "tools/list":
            _say({"id": message["id"], "result": {"tools": [TOOL]}})
        case "tools/call":
            _say({"id": message["id"], "result": _call()})
        case _:
            _say({"id": message["id"], "result": {}})


def main() -> None:
    for line in sys.stdin:
        _take(json.loads(line))


if __name__ == "__main__":
    main()
