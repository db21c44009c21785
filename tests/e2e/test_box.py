"""The real Pi runs its commands in a real box."""

import pytest

from tests.daemon.calls import bash, recorded
from tests.daemon.world import Home
from tests.e2e.conftest import Connect
from tests.e2e.gate import level_chat

pytestmark = pytest.mark.usefixtures("stage")


async def test_what_fails_in_its_box_may_run_outside(connected: Connect, home: Home) -> None:
    """Both the model and the person read why; the approved one runs as the person would run it."""
    (home.work / "secrets").mkdir()
    (home.work / "secrets/key").write_text("SECRET")
    elsewhere = home.root / "elsewhere"
    elsewhere.mkdir()
    chat = await level_chat(connected, home, "confined")
    await chat.call("rule/add", text="deny * path secrets/**", scope="chat")
    script = (
        f"d=sec; cd ${{d}}rets; cat key; cd {home.work}; touch inside && touch {elsewhere}/made"
    )
    turn = await chat.send(bash(script))
    (asked,) = await chat.asked()
    assert asked["request"]["outside"]
    assert "It may write only in" in asked["request"]["reason"]
    assert (home.work / "inside").exists()
    assert not (elsewhere / "made").exists()
    (item,) = (await chat.snapshot())["open"]
    assert "SECRET" not in item["text"]
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert (elsewhere / "made").exists()
    (item,) = await chat.items("tool")
    assert "ran in a box and failed" in item["text"]
    assert "runs again, outside" in item["text"]


async def test_what_may_not_run_outside_ends_as_it_was(connected: Connect, home: Home) -> None:
    chat = await level_chat(connected, home, "confined")
    turn = await chat.send(bash(f"echo before; touch {home.root}/made; exit 5"))
    (asked,) = await chat.asked()
    await chat.decide(asked, "deny", reason="Stay inside.")
    assert (await chat.ended(turn))["reason"] == "done"
    (item,) = await chat.items("tool")
    assert item["tool"]["exitCode"] == 5
    assert "before" in item["text"]
    assert "Stay inside." in item["text"]
    assert not (home.root / "made").exists()


async def test_in_confined_nothing_is_left_that_runs_later_outside(
    connected: Connect, home: Home
) -> None:
    git = home.work / ".git"
    git.mkdir()
    (git / "config").write_text("[core]\n")
    chat = await level_chat(connected, home, "confined")
    script = (
        "echo x > .git/hooks/pre-commit; echo x >> .git/config; mv .git/config .git/c;"
        " mv .git moved; rm -rf .git/hooks; touch .git/index; :"
    )
    turn = await chat.send(bash(script))
    assert (await chat.ended(turn))["reason"] == "done"
    assert (git / "config").read_text() == "[core]\n"
    assert not (git / "hooks/pre-commit").exists()
    assert (git / "index").exists()
    (decision,) = await recorded(chat.client, chatId=chat.id)
    assert decision["confined"] is True
