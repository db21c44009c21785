"""An editor on the Python library of the Agent Client Protocol: opens a session in the current
directory, sends a prompt, answers each card, loads the session again, and prints as JSON what it
was shown. Arguments: the answer to cards, the prompt, and the words that start the agent."""

import asyncio
import json
import os
import sys
from typing import Any

import acp
from acp.schema import AllowedOutcome, TextContentBlock


class Editor:
    """Only what the bridge asks for; anything else would be an AttributeError."""

    def __init__(self, option: str) -> None:
        self.option = option
        self.text = ""
        self.cards: list[str] = []
        self.calls: dict[str, str] = {}

    async def request_permission(self, tool_call: Any, **_: Any) -> acp.RequestPermissionResponse:
        self.cards.append(tool_call.title)
        outcome = AllowedOutcome(outcome="selected", option_id=self.option)
        return acp.RequestPermissionResponse(outcome=outcome)

    async def session_update(self, update: Any, **_: Any) -> None:
        if update.session_update == "agent_message_chunk":
            self.text += update.content.text
        if getattr(update, "tool_call_id", None) and getattr(update, "status", None):
            self.calls[update.tool_call_id] = update.status

    def on_connect(self, connection: Any) -> None:
        """Nothing is asked of it here."""


async def main(option: str, prompt: str, *words: str) -> None:
    editor: Any = Editor(option)
    cwd = os.getcwd()
    async with acp.spawn_agent_process(editor, *words, env=dict(os.environ)) as (agent, _):
        told = await agent.initialize(protocol_version=1)
        session = (await agent.new_session(cwd=cwd, mcp_servers=[])).session_id
        content = TextContentBlock(type="text", text=prompt)
        ended = await agent.prompt(session_id=session, prompt=[content])
        said, editor.text = editor.text, ""
        await agent.load_session(session_id=session, cwd=cwd, mcp_servers=[])
        shown = {
            "load": bool(told.agent_capabilities and told.agent_capabilities.load_session),
            "stopReason": ended.stop_reason,
            "said": said,
            "replayed": editor.text,
            "cards": editor.cards,
            "calls": list(editor.calls.values()),
        }
        sys.stdout.write(json.dumps(shown) + "\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
