"""What runs unasked is confined by the kernel, and the level that needs it is there where it is."""

from typing import Any

import pytest
import trio

from tests.daemon.client import Client
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home


@pytest.fixture
def no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing confines commands on this machine."""
    monkeypatch.setattr("claudetted.sidecar.box.probe._ways", lambda _path: ())


async def boxing(chat: Chat, puppets: Puppets) -> Puppet:
    """A harness that says it can start commands in a box, in the middle of a turn."""
    await chat.send("Go on.")
    puppet = await puppets.next()
    await puppet.starts(boxed=True)
    await puppet.takes_prompt()
    return puppet


async def asks(puppet: Puppet, name: str, command: str, cwd: str, **more: Any) -> None:
    request = {"tool": "bash", "access": "run", "digest": name, "command": command, "cwd": cwd}
    await puppet.says("item.open", item=f"t-{name}", kind="tool", tool={"name": "bash"})
    await puppet.says("ask", ask=name, item=f"t-{name}", request={**request, **more})


async def test_the_status_says_what_confines_commands(client: Client) -> None:
    status = await client.call("daemon/status")
    assert status["box"].startswith(("bubblewrap", "landlock", "sandbox-exec"))
    assert "boxMissing" not in status


async def test_the_status_says_why_nothing_does(no_way: None, client: Client) -> None:
    status = await client.call("daemon/status")
    assert "box" not in status
    assert "Install bubblewrap" in status["boxMissing"]


async def test_what_a_killed_daemon_left_is_removed_by_the_next(home: Home, daemon: Daemon) -> None:
    await daemon.stop()
    left = home.runtime / "scratch/box-left/hidden"
    left.mkdir(parents=True)
    await daemon.start()
    assert list(home.runtime.glob("scratch/*")) == []


async def test_an_allowed_command_comes_with_what_really_confines_it(
    chat: Chat, puppets: Puppets, home: Home
) -> None:
    secrets = home.work / "secrets"
    secrets.mkdir()
    (secrets / "key").write_text("SECRET")
    await chat.call("rule/add", text="deny * path secrets/**", scope="chat")
    await chat.call("rule/add", text="allow bash command cat", scope="chat")
    puppet = await boxing(chat, puppets)
    await asks(puppet, "a", "cat notes", str(home.work))
    decide = await puppet.hears("decide")
    assert decide["allow"]
    assert decide["confinement"]["boxed"]
    assert str(secrets) in decide["confinement"]["hidden"]
    script = "cd secrets && cat key; touch written"
    words = [*decide["wrapper"], "/bin/bash", "-c", script]
    done = await trio.run_process(
        words, cwd=home.work, capture_stderr=True, capture_stdout=True, check=False
    )
    assert b"SECRET" not in done.stdout
    assert b"Read-only file system" in done.stderr


async def test_what_a_person_approved_runs_as_the_person_would_run_it(
    chat: Chat, puppets: Puppets, home: Home
) -> None:
    puppet = await boxing(chat, puppets)
    await asks(puppet, "a", "make", str(home.work))
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    decide = await puppet.hears("decide")
    assert (decide["allow"], "confinement" in decide, "wrapper" in decide) == (True, False, False)


async def test_what_is_to_run_outside_of_its_box_asks(
    chat: Chat, puppets: Puppets, home: Home
) -> None:
    await chat.call("rule/add", text="allow bash command make", scope="chat")
    puppet = await boxing(chat, puppets)
    why = "It failed in its box. It has no network."
    await asks(puppet, "a", "make", str(home.work), outside=True, reason=why)
    (asked,) = await chat.asked()
    assert (asked["request"]["outside"], asked["request"]["reason"]) == (True, why)
    assert asked.get("scopes") == ["once"]
    await chat.decide(asked, "allow")
    assert "wrapper" not in await puppet.hears("decide")


async def test_an_answer_that_a_killed_daemon_had_sent_confines_the_same(
    daemon: Daemon, chat: Chat, puppets: Puppets, home: Home
) -> None:
    """What is stored for the agent is the whole line."""
    await chat.call("chat/configure", level="full")
    puppet = await boxing(chat, puppets)
    await asks(puppet, "a", "make", str(home.work))
    before = await puppet.hears("decide")
    assert before["wrapper"][0].endswith("bwrap")
    await daemon.restart()
    await asks(puppet, "b", "make", str(home.work))
    after = await puppet.hears("decide")
    assert (after["ask"], after["wrapper"]) == ("b", before["wrapper"])


async def test_a_harness_that_cannot_box_is_not_held(
    chat: Chat, puppets: Puppets, home: Home
) -> None:
    await chat.call("rule/add", text="allow bash command make", scope="chat")
    await chat.send("Go on.")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await asks(puppet, "a", "make", str(home.work))
    assert "confinement" not in await puppet.hears("decide")


# the level confined


async def test_in_confined_everything_runs_in_the_box(
    chat: Chat, puppets: Puppets, home: Home
) -> None:
    configured = await chat.call("chat/configure", level="confined")
    assert configured["chat"]["level"] == "confined"
    puppet = await boxing(chat, puppets)
    await asks(puppet, "a", "make && python3 x.py", str(home.work))
    decide = await puppet.hears("decide")
    assert str(home.work) in decide["confinement"]["writable"]


async def test_chat_create_BoxUnavailable(no_way: None, client: Client, home: Home) -> None:
    refused = await client.refused("chat/create", cwd=str(home.work), level="confined")
    assert refused.name == "BoxUnavailable"
    assert "Install bubblewrap" in refused.message
    assert await client.call("chat/list") == {}


async def test_chat_configure_BoxUnavailable(no_way: None, chat: Chat) -> None:
    assert (await chat.refused("chat/configure", level="confined")).name == "BoxUnavailable"
    assert (await chat.get())["level"] == "standard"


async def test_setting_set_BoxUnavailable(no_way: None, client: Client, home: Home) -> None:
    for key in ("default_level", f"default_level:{home.work}"):
        refused = await client.refused("setting/set", key=key, value="confined")
        assert refused.name == "BoxUnavailable"
    assert (await client.call("setting/get", key="default_level"))["setting"].get("value") is None
