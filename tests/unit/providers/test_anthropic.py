"""The block: what it knows, how long that holds, and what counts when nobody answers."""

import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from claudetted.protocol.errors import AnthropicBlocked
from claudetted.providers import anthropic, claude_cli, installed
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.sidecar import capture
from tests.daemon.client import PATIENCE
from tests.fakes.claude import Claude

MODEL = "anthropic/claude-opus-4-5"


@pytest.fixture
def claude(tmp_path: Path) -> Claude:
    return Claude(tmp_path / ".local/bin/claude")


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}


@pytest.fixture
def paths() -> list[str]:
    """The PATHs of the daemon and of the user's shells."""
    return []


@pytest.fixture
async def block(
    base: dict[str, str], paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AnthropicBlock]:
    monkeypatch.setattr(installed, "SYSTEM_PLACES", ())
    # A busy machine may take longer for an answer than a user would wait for it.
    monkeypatch.setattr(claude_cli, "PATIENCE_SECONDS", PATIENCE)

    async def environment() -> dict[str, str]:
        return base

    async def known_paths() -> list[str]:
        return [base["PATH"], *paths]

    async with trio.open_nursery() as nursery:
        yield AnthropicBlock(environment, known_paths, nursery)


def stored_sign_in(home: Path) -> None:
    (home / ".claude").mkdir()
    (home / ".claude/.credentials.json").write_text("{}")


async def test_with_a_subscription_only_anthropics_own_models_are_refused(
    claude: Claude, block: AnthropicBlock
) -> None:
    claude.is_signed_in("claude.ai")
    with pytest.raises(AnthropicBlocked, match=r"`claude auth status` says claude\.ai"):
        await block.check(MODEL)
    await block.check("openrouter/anthropic/claude-opus-4-5")
    await block.check(None)


async def test_without_one_everything_goes_on(claude: Claude, block: AnthropicBlock) -> None:
    claude.is_signed_in("api_key")
    await block.check(MODEL)


async def test_it_is_asked_once_for_many_questions(claude: Claude, block: AnthropicBlock) -> None:
    claude.is_signed_in("none")
    for _ in range(5):
        await block.check(MODEL)
        await block.why_at_once()
    assert len(claude.asked) == 1


async def test_bug_27_a_sign_in_or_out_is_seen_at_once_and_told(
    claude: Claude, block: AnthropicBlock, base: dict[str, str]
) -> None:
    told: list[str] = []
    block.changed = lambda: told.append("changed")
    claude.is_signed_in("none")
    await block.check(MODEL)
    claude.is_signed_in("claude.ai")
    assert await block.why()
    claude.is_signed_in("none")
    assert not await block.why()
    assert told == ["changed", "changed"]


async def test_what_nothing_tells_of_is_seen_after_a_while(
    claude: Claude, block: AnthropicBlock, mock_clock: MockClock
) -> None:
    claude.runs('cat "$HOME/answer"')
    answer = claude.path.parents[2] / "answer"
    answer.write_text('{"loggedIn": false}')
    assert not await block.why()
    answer.write_text('{"loggedIn": true, "authMethod": "claude.ai"}')
    assert not await block.why()
    mock_clock.jump(anthropic.FRESH_SECONDS)
    assert await block.why()


async def test_without_an_answer_the_last_one_holds(claude: Claude, block: AnthropicBlock) -> None:
    claude.is_signed_in("claude.ai")
    assert await block.why()
    claude.says("garbage")
    assert "claude.ai" in await block.why()


async def test_a_program_that_never_answered_blocks_until_it_does(
    claude: Claude, block: AnthropicBlock
) -> None:
    claude.says("garbage")
    why = await block.why()
    assert f"{claude.path} is installed and does not answer `claude auth status`" in why
    claude.is_signed_in("none")
    assert not await block.why()


async def test_a_stored_sign_in_without_the_program_counts(
    block: AnthropicBlock, tmp_path: Path
) -> None:
    assert not await block.why()
    stored_sign_in(tmp_path)
    assert f"{tmp_path}/.claude/.credentials.json is a sign-in" in await block.why()
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / ".claude").rename(elsewhere)
    assert not await block.why()
    assert f"{elsewhere}/.credentials.json" in await block.why(
        {"CLAUDE_CONFIG_DIR": str(elsewhere)}
    )


async def test_the_program_says_whether_what_it_stored_is_a_sign_in(
    claude: Claude, block: AnthropicBlock, tmp_path: Path
) -> None:
    stored_sign_in(tmp_path)
    claude.is_signed_in("none")
    assert not await block.why()


async def test_a_program_on_any_path_that_is_known_is_asked(
    block: AnthropicBlock, paths: list[str], tmp_path: Path
) -> None:
    of_shell = Claude(tmp_path / "asdf/claude")
    of_client = Claude(tmp_path / "mise/claude")
    for one in (of_shell, of_client):
        one.is_signed_in("claude.ai")
    assert not await block.why()
    assert await block.why({"PATH": f"{tmp_path}/mise"})
    assert await block.why(), "what a client told holds for all"
    of_client.is_signed_in("none")
    assert not await block.why()
    paths.append(f"/nowhere:{tmp_path}/asdf")
    assert await block.why()


async def test_a_sign_in_of_one_program_counts_whatever_another_says(
    claude: Claude, block: AnthropicBlock, paths: list[str], tmp_path: Path
) -> None:
    claude.is_signed_in("none")
    Claude(tmp_path / "other/claude").is_signed_in("claude.ai")
    paths.append(f"{tmp_path}/other")
    assert await block.why()


async def test_a_client_with_a_configuration_of_its_own_is_asked_about(
    claude: Claude, block: AnthropicBlock, tmp_path: Path
) -> None:
    claude.runs(
        "case $CLAUDE_CONFIG_DIR in */second) "
        """echo '{"loggedIn": true, "authMethod": "claude.ai"}' ;; """
        """*) echo '{"loggedIn": false}' ;; esac"""
    )
    assert not await block.why()
    (tmp_path / "second").mkdir()
    (tmp_path / "second/.credentials.json").write_text("{}")
    assert await block.why({"CLAUDE_CONFIG_DIR": str(tmp_path / "second")})


async def test_a_program_that_hangs_is_not_asked_again_and_again(
    claude: Claude, block: AnthropicBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    said_by = capture.said_by

    async def counted(argv: list[str], env: Mapping[str, str], patience: float) -> bytes:
        # The program itself may be ended before it could say that it was asked.
        asked.append(argv)
        return await said_by(argv, env, patience)

    monkeypatch.setattr(claude_cli, "said_by", counted)
    monkeypatch.setattr(claude_cli, "PATIENCE_SECONDS", 0.2)
    claude.runs("sleep 1000")
    for _ in range(3):
        assert "does not answer" in await block.why()
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_OAUTH_TOKEN"])
async def test_a_token_in_the_environment_counts(
    block: AnthropicBlock, base: dict[str, str], name: str
) -> None:
    with pytest.raises(AnthropicBlocked, match=f"{name} is set"):
        await block.check(MODEL, {name: "x"})
    await block.check(MODEL)
    base[name] = "x"
    assert name in await block.why()


async def test_a_claude_sign_in_of_pi_counts(
    block: AnthropicBlock, base: dict[str, str], tmp_path: Path
) -> None:
    auth = tmp_path / ".pi/agent/auth.json"
    auth.parent.mkdir(parents=True)
    auth.write_text('\ufeff{"openai": 3, "anthropic": {"type": "oauth", "access": "x"}}')
    assert "Pi's auth.json" in await block.why()
    assert not await block.why({"PI_CODING_AGENT_DIR": "/elsewhere"})
    assert await block.why({"PI_CODING_AGENT_DIR": "~/.pi/agent"})
    auth.write_text('{"anthropic": {"type": "api_key", "key": "sk-ant-api03-x"}}')
    assert not await block.why()
    auth.write_text("{")
    assert not await block.why()
