"""An agent's plan in an editor: the protocol's own update in the place of a call."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.daemon.client import Json
from tests.daemon.editor import EVERYTHING, Editor, editor
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Daemon, Home


@pytest.fixture
async def zed(daemon: Daemon) -> AsyncIterator[Editor]:
    async with editor() as found:
        await found.initialize("zed", **EVERYTHING)
        yield found


def plan(*entries: tuple[str, str], phase: str = "running") -> Json:
    told = [{"content": content, "status": status} for content, status in entries]
    return {"name": "plan", "phase": phase, "input": {"entries": told}, "title": "… done"}


def shown(found: Editor) -> list[list[tuple[str, str, str]]]:
    return [
        [(one["content"], one["status"], one["priority"]) for one in update["entries"]]
        for update in found.updates("plan")
    ]


async def begins(found: Editor, home: Home, puppets: Puppets) -> tuple[str, int, Puppet, str]:
    session = (await found.new(home.work))["sessionId"]
    await puppets.next()  # which is asked for models
    prompt = await found.prompts(session, "hello")
    puppet = await puppets.next()
    await puppet.starts()
    return session, prompt, puppet, (await puppet.takes_prompt())["turn"]


async def opens(puppet: Puppet, item: str, tool: Json, **more: Any) -> None:
    await puppet.says("item.open", item=item, kind="tool", tool=tool, **more)


async def closes(puppet: Puppet, item: str, tool: Json, text: str = "[ ] …") -> None:
    await puppet.says("item.close", item=item, tool=tool | {"phase": "ended"}, text=text)


LOOKING = plan(("Look", "in_progress"), ("Fix", "pending"))
MINE = {"entries": [{"content": "Look", "status": "whenever"}]}
"""The arguments of a tool that is only called so."""
LOOKED = plan(("Look", "completed"), ("Fix", "pending"))


async def test_a_plan_is_shown_whole_each_time_and_as_no_call(
    zed: Editor, home: Home, puppets: Puppets
) -> None:
    session, prompt, puppet, turn = await begins(zed, home, puppets)
    await opens(puppet, "i1", LOOKING)
    await puppet.says("item.change", item="i1", tool=LOOKED)
    await closes(puppet, "i1", LOOKED)
    await opens(puppet, "i2", plan(("Test", "pending")))
    await closes(puppet, "i2", plan(("Test", "pending")))
    await puppet.ends_turn(turn)
    await zed.answer(prompt)
    assert shown(zed) == [
        [("Look", "in_progress", "medium"), ("Fix", "pending", "medium")],
        [("Look", "completed", "medium"), ("Fix", "pending", "medium")],
        [("Test", "pending", "medium")],
    ]
    assert zed.updates("tool_call") == zed.updates("tool_call_update") == []
    async with editor() as other:
        await other.initialize("other")
        await other.call("session/load", sessionId=session, cwd=str(home.work), mcpServers=[])
        assert shown(other) == shown(zed)[-1:]


async def test_a_call_that_tells_no_plan_in_the_end_is_shown(
    zed: Editor, home: Home, puppets: Puppets
) -> None:
    _, prompt, puppet, turn = await begins(zed, home, puppets)
    await opens(puppet, "i1", {"name": "plan", "title": "TaskCreate Look"})
    await closes(puppet, "i1", LOOKING)
    await opens(puppet, "i2", {"name": "plan", "title": "TaskUpdate"})
    await closes(puppet, "i2", {"name": "TaskUpdate", "input": {"taskId": "9"}}, "Task not found")
    await opens(puppet, "i3", {"name": "plan"})
    await puppet.says(
        "item.change", item="i3", tool={"name": "plan", "phase": "running", "input": MINE}
    )
    await closes(puppet, "i3", {"name": "plan", "input": MINE})
    await puppet.ends_turn(turn)
    await zed.answer(prompt)
    assert len(shown(zed)) == 1
    assert [call["rawInput"] for call in zed.updates("tool_call")] == [
        {"taskId": "9"},
        MINE,
    ]
    assert zed.updates("tool_call_update")[-1]["status"] == "completed"


async def test_the_plan_of_an_agent_below_does_not_take_its_place(
    zed: Editor, home: Home, puppets: Puppets
) -> None:
    _, prompt, puppet, turn = await begins(zed, home, puppets)
    await opens(puppet, "i1", {"name": "task"})
    await opens(puppet, "i2", LOOKING, parent="i1")
    await closes(puppet, "i2", LOOKING)
    await closes(puppet, "i1", {"name": "task"})
    await puppet.ends_turn(turn)
    await zed.answer(prompt)
    assert shown(zed) == []
    assert [call["name"] for call in zed.updates("tool_call")] == ["task", "plan"]


async def test_an_editor_without_plans_is_shown_the_call(
    daemon: Daemon, home: Home, puppets: Puppets
) -> None:
    async with editor() as companion:
        await companion.initialize("CodeCompanion.nvim")
        _, prompt, puppet, turn = await begins(companion, home, puppets)
        await opens(puppet, "i1", LOOKING)
        await closes(puppet, "i1", LOOKING, "[~] Look")
        await puppet.ends_turn(turn)
        await companion.answer(prompt)
        assert shown(companion) == []
        call = companion.updates("tool_call_update")[-1]
        assert (call["name"], call["status"]) == ("plan", "completed")
        assert "[~] Look" in call["content"][0]["content"]["text"]
