"""Owns how a test has the agent call tools, and what the record says of it."""

import json
from typing import Any

from tests.daemon.client import Client, Json
from tests.daemon.world import Chat


def tool(name: str, **arguments: Any) -> str:
    """The directive of a prompt by which the scripted agent calls a tool."""
    return f"@tool {name} {json.dumps(arguments)}"


def bash(command: str) -> str:
    return tool("bash", command=command)


async def recorded(client: Client, **filters: Any) -> list[Json]:
    """The decisions on record, the oldest first."""
    page = await client.call("permission/audit", limit=1000, **filters)
    return list(reversed(page.get("decisions", [])))


async def asked_once(chat: Chat, prompt: str) -> tuple[str, Json]:
    """Sends a prompt whose first call asks: the turn's id, and the request."""
    known = {event["permission"]["id"] for event in chat.events("permission/opened")}
    turn = await chat.send(prompt)
    opened = await chat.event(
        "permission/opened", lambda event: event["permission"]["id"] not in known
    )
    return turn, opened["permission"]
