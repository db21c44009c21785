"""What is Codex's own: a server of the user's with its key, and a session begun anew in between."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from claudette_cli.demo.script import seen
from claudetted.harnesses.codex import SEARCH
from claudetted.protocol import sidecar as sc
from claudetted.protocol.endpoints import Endpoint
from tests.contract.conftest import Kind, codex_kind
from tests.contract.driver import Refused, Sidecar
from tests.daemon.calls import bash
from tests.fakes.responses_model import (
    ResponsesModel,
    add_blind_model,
    write_openai_config,
)
from tests.support import pictures
from tests.support.agents import program
from tests.support.lifeline import Lifeline

KEY = "sk-sesame-0123456789"
NAME = "CLAUDETTED_BACKEND_OLLAMA_KEY"


@pytest.fixture
def codex(tmp_path: Path) -> Iterator[Kind]:
    with ExitStack() as stack:
        made = codex_kind(tmp_path, stack)
        stack.callback(made.close)
        yield made


@pytest.fixture
def server() -> Iterator[ResponsesModel]:
    """Another server than the one of Codex's configuration."""
    program("codex")
    with ResponsesModel() as running:
        yield running


def served(codex: Kind, server: ResponsesModel, place: Path) -> Sidecar:
    running = codex.launch(place)
    endpoint = Endpoint("ollama", "Ollama", server.base_url, "qwen3.5", NAME, 50_000)
    start = sc.Start(
        running.id(),
        "chat",
        os.fspath(running.cwd),
        os.fspath(running.session_dir),
        os.fspath(running.temp_dir),
        model="ollama/qwen3.5",
        endpoint=endpoint,
    )
    running.send(start)
    running.credentials = sc.Credentials(keys={NAME: KEY})
    answer = msgspec.json.decode(running.reply(start.id), type=sc.Started)
    assert (answer.model, answer.context_window) == ("ollama/qwen3.5", 50_000)
    return running


def test_a_server_of_the_users_gets_its_key_and_no_command_does(
    codex: Kind, server: ResponsesModel, tmp_path: Path
) -> None:
    running = served(codex, server, tmp_path / "chat")
    running.turn('@tool bash {"command": "env; cat /proc/*/cmdline"} @then @text done')
    assert [asked.key for asked in server.requests] == [KEY, KEY]
    assert running.opened("message")[0].model == "ollama/qwen3.5"
    assert KEY not in running.text(running.opened("tool")[0].item)
    running.ask_for(sc.Dispose(running.id()))  # Else files come and go while they are read.
    assert running.to_end() == 0
    kept = (tmp_path / "codex").rglob("*")
    assert not [path for path in kept if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_new_environment_begins_it_anew_and_the_session_goes_on(
    codex: Kind, tmp_path: Path
) -> None:
    running = codex.launch(tmp_path / "chat")
    running.start()
    running.turn("Remember the number 7.")
    running.send(sc.Environment({"WHERE": "elsewhere"}))
    running.turn('@tool bash {"command": "echo $WHERE"} @then @echo-history', "T2")
    assert running.text(running.opened("tool")[0].item) == "elsewhere\n"
    assert "Remember the number 7." in running.texts()[-1]
    assert len(running.all(sc.Hello)) == 1


def test_a_prompt_that_comes_with_the_start_waits_for_the_session(
    codex: Kind, tmp_path: Path
) -> None:
    first = codex.launch(tmp_path / "chat")
    path = first.start().session_path
    first.ask_for(sc.Dispose(first.id()))
    running = codex.launch(tmp_path / "chat")
    cwd, sessions, temp = map(os.fspath, (running.cwd, running.session_dir, running.temp_dir))
    running.send(sc.Start(running.id(), "chat", cwd, sessions, temp, session_path=path))
    running.prompt("@text ok")
    assert running.end().reason == "done"


def test_a_command_that_was_stopped_is_not_told_of_twice(codex: Kind, tmp_path: Path) -> None:
    running = codex.launch(tmp_path / "chat")
    running.start()
    running.prompt('@tool bash {"command": "sleep 0.4; echo here; sleep 1000"}')
    running.allow(running.next(sc.Ask))
    running.next(sc.ItemDelta)
    running.abort()
    running.turn("@text ok", "T2")
    assert len(running.opened("tool")) == 1


def started(codex: Kind, place: Path, model: str = "") -> Sidecar:
    running = codex.launch(place)
    running.start(model=model)
    return running


def spawned(prompt: str) -> str:
    return f"@tool multi_agent_v1/spawn_agent {json.dumps({'message': prompt})}"


def test_what_another_agent_does_for_it_is_shown_under_the_call_that_began_it(
    codex: Kind, tmp_path: Path
) -> None:
    running = started(codex, tmp_path / "chat")
    child = f"@think well {bash('read x < door; echo $x')} @then @text child"
    os.mkfifo(running.cwd / "door")
    running.prompt(f"{spawned(child)} @then @text own")
    call = running.next(sc.Ask)
    running.allow(call)
    inner = running.next(sc.Ask, after=call)
    running.until(lambda line: isinstance(line, sc.ItemDelta) and line.text == "own")
    running.allow(inner)
    (running.cwd / "door").write_text("through\n")
    assert running.end().reason == "done"
    tool, theirs = running.opened("tool")
    assert (tool.item, theirs.item, theirs.parent) == (call.item, inner.item, call.item)
    assert running.text(theirs.item) == "through\n"
    said = {running.text(one.item): one.parent for one in running.opened("message")}
    assert said["child"] == call.item


def test_a_stop_ends_the_commands_of_agents_that_it_has_started(
    codex: Kind, tmp_path: Path
) -> None:
    running = started(codex, tmp_path / "chat")
    with Lifeline(tmp_path / "line") as line:
        running.prompt(f"{spawned(bash(f'{line.hold}; sleep 1000'))} @then @text own")
        call = running.next(sc.Ask)
        running.allow(call)
        running.allow(running.next(sc.Ask, after=call))
        line.wait_held()
        running.abort()
        assert running.end().reason == "stopped"
        line.wait_cut()


def test_searches_are_shown_and_many_changes_once_as_a_whole(codex: Kind, tmp_path: Path) -> None:
    running = started(codex, tmp_path / "chat", "fake/gpt-5.5")
    (running.cwd / "a.txt").write_text("one\n")
    changes = [
        f"*** Begin Patch\n*** Update File: a.txt\n@@\n-{old}\n+{new}\n*** End Patch"
        for old, new in (("one", "two"), ("two", "three"))
    ]
    calls = " @then ".join(f"@tool write {json.dumps({'patch': patch})}" for patch in changes)
    search = f"@tool web_search {json.dumps({'query': 'how many'})}"
    assert running.turn(f"{search} {calls} @then @text done").reason == "done"
    tools = [running.closed(one.item).tool for one in running.opened("tool")]
    assert all(tools)
    names = [(tool.name, tool.title) for tool in tools if tool]
    assert names[0] == ("web_search", "how many")
    assert names[-1] == ("turn_diff", "All changes of this turn")
    diff = tools[-1].diff if tools[-1] else ""
    assert "-one\n+three\n" in diff and "two" not in diff


def test_it_has_no_goals_with_which_it_would_go_on_by_itself(codex: Kind, tmp_path: Path) -> None:
    running = started(codex, tmp_path / "chat")
    running.turn('@tool create_goal {"objective": "all"} @then @text own')
    assert isinstance(codex.doors, ResponsesModel)
    assert "unsupported call: create_goal" in json.dumps(codex.doors.requests[-1].messages)


@pytest.fixture
def offered(codex: Kind) -> Callable[[], list[str]]:
    """The tools that the model was offered last."""
    doors = codex.doors
    assert isinstance(doors, ResponsesModel)
    return lambda: doors.requests[-1].tools


def test_the_search_of_the_service_is_offered_only_where_it_would_run_unasked(
    codex: Kind, offered: Callable[[], list[str]], tmp_path: Path
) -> None:
    with (tmp_path / "codex/config.toml").open("r+") as file:
        configured = file.read()
        file.seek(0)
        file.write(f'web_search = "live"\n{configured}')
    running = codex.launch(tmp_path / "chat")
    running.start()
    assert running.next(sc.Notice).text.endswith("claudette rules add allow websearch")
    running = codex.launch(tmp_path / "chat")
    running.start(unasked=[SEARCH])
    running.turn("@text one", "T1")
    assert "web_search" in offered() and not running.all(sc.Notice)
    running.ask_for(sc.Configure(running.id(), unasked=[]))
    running.turn("@text two", "T2")
    assert "exec_command" in offered() and "web_search" not in offered()
    running.ask_for(sc.Configure(running.id(), unasked=[SEARCH]))
    running.turn("@echo-history", "T3")
    assert "web_search" in offered() and "@text one" in running.texts()[-1]


def test_a_search_that_is_a_call_of_codexs_own_asks(
    codex: Kind, offered: Callable[[], list[str]], tmp_path: Path
) -> None:
    assert isinstance(codex.doors, ResponsesModel)
    write_openai_config(tmp_path / "codex", codex.doors)
    running = started(codex, tmp_path / "chat", "gpt-5.5")
    pages = {"open": [{"ref_id": "https://example.org/a"}, {"ref_id": "turn0search0"}]}
    searched = f"@tool web/run {json.dumps({'search_query': [{'q': 'how many'}]})}"
    running.prompt(f"{searched} @then @tool web/run {json.dumps(pages)} @then @text done")
    first = running.next(sc.Ask)
    running.deny(first)
    second = running.next(sc.Ask, after=first)
    running.deny(second)
    assert running.end().reason == "done"
    assert "web" in offered() and "web_search" not in offered()
    asked = [(one.request.tool, one.request.access, one.request.hosts) for one in (first, second)]
    assert asked == [
        ("websearch", "fetch", []),
        ("webfetch", "fetch", ["example.org", "turn0search0"]),
    ]
    assert [one.tool.title for one in running.opened("tool") if one.tool] == [
        "how many",
        "https://example.org/a, turn0search0",
    ]
    assert not [one for one in running.all(sc.Notice) if "nder-development" in one.text]


def test_a_sign_in_that_is_refused_in_mid_turn_is_told_once_and_nothing_is_sent_again(
    codex: Kind, tmp_path: Path
) -> None:
    running = started(codex, tmp_path / "chat")
    end = running.turn(f"{bash('echo hi')} @then @error 401 Your token has expired")
    assert (end.reason, "Your token has expired (401). Check the key" in end.error) == (
        "failed",
        True,
    )
    assert not running.all(sc.Notice)
    assert running.turn("@text fine", "T2").reason == "done"


def test_an_image_for_a_model_that_is_known_to_be_blind_is_refused_before_the_turn(
    codex: Kind, tmp_path: Path
) -> None:
    add_blind_model(tmp_path / "codex", program("codex"))
    running = started(codex, tmp_path / "chat", "blind")
    picture = running.cwd / "a.png"
    picture.write_bytes(pictures.PNG)
    shown = [sc.ImageFile(os.fspath(picture), "image/png", "a.png")]
    with pytest.raises(Refused, match="blind takes no images"):
        running.prompt("@seen", images=shown)
    assert isinstance(codex.doors, ResponsesModel) and not codex.doors.requests
    assert able_to_see(running) == [True, False]
    running.ask_for(sc.Configure(running.id(), model="gpt-5.5"))
    running.prompt("@seen", "T2", images=shown)
    assert running.end("T2").reason == "done"
    assert running.texts() == [seen([("image/png", pictures.PNG)])]
    assert able_to_see(running) == [True, False, True]


def able_to_see(running: Sidecar) -> list[bool]:
    """As it was told, one hello after the other."""
    return [one.capabilities.images for one in running.all(sc.Hello) if one.capabilities]
