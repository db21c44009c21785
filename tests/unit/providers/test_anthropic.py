"""The block: what it knows, how long that holds, and what counts when nobody answers."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from claudetted.protocol.errors import AnthropicBlocked
from claudetted.providers import anthropic, claude_cli
from claudetted.providers.anthropic import AnthropicBlock
from tests.fakes.claude import Claude

MODEL = "anthropic/claude-opus-4-5"


@pytest.fixture
def claude(tmp_path: Path) -> Claude:
    return Claude(tmp_path / ".local/bin/claude")


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}


@pytest.fixture
async def block(base: dict[str, str]) -> AsyncIterator[AnthropicBlock]:
    async def environment() -> dict[str, str]:
        return base

    async with trio.open_nursery() as nursery:
        yield AnthropicBlock(environment, nursery)


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


async def test_without_any_answer_a_stored_sign_in_counts(
    claude: Claude, block: AnthropicBlock, tmp_path: Path
) -> None:
    claude.says("garbage")
    assert not await block.why()
    stored_sign_in(tmp_path)
    assert "does not answer" in await block.why()
    claude.is_signed_in("none")
    assert not await block.why()


async def test_a_program_that_hangs_is_not_asked_again_and_again(
    claude: Claude, block: AnthropicBlock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    said_by = claude_cli.said_by

    async def counted(argv: list[str], env: Mapping[str, str], patience: float) -> bytes:
        # The program itself may be ended before it could say that it was asked.
        asked.append(argv)
        return await said_by(argv, env, patience)

    monkeypatch.setattr(claude_cli, "said_by", counted)
    monkeypatch.setattr(claude_cli, "PATIENCE_SECONDS", 0.2)
    stored_sign_in(tmp_path)
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
