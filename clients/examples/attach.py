"""Attaches to a chat, prints what is said there, and answers its cards at the keyboard."""

import json
import socket
import sys

path, chat = sys.argv[1:]
daemon = socket.socket(socket.AF_UNIX)
daemon.connect(path)
asked = 0


def ask(method: str, **params: object) -> None:
    global asked
    asked += 1
    request = {"jsonrpc": "2.0", "id": asked, "method": method, "params": params}
    daemon.sendall(json.dumps(request).encode() + b"\n")


def card(permission: dict) -> None:
    request = permission["request"]
    print(request["tool"], request.get("command") or request.get("diff") or request.get("paths"))
    decision = "allow" if input("allow? [y/n] ") == "y" else "deny"
    ask("permission/decide", permissionId=permission["id"], decision=decision,
        digest=request["digest"])  # fmt: skip


ask("event/subscribe", chatId=chat)
for line in daemon.makefile():
    message = json.loads(line)
    event = message.get("params", {}).get("event", {})
    for permission in message.get("result", {}).get("snapshot", {}).get("permissions", []):
        card(permission)
    if event.get("type") == "permission/opened":
        card(event["permission"])
    elif message.get("method") == "delta":
        print(message["params"]["text"], end="", flush=True)
    elif event.get("type") == "turn/ended":
        print(f"\n-- {event['reason']}", flush=True)
