"""What Claude's own program says of its sign-in, and what it says when something is wrong."""

import json
import os
import sys
from pathlib import Path

import pytest
import trio

from claudetted.providers import claude_cli, installed
from tests.daemon.client import PATIENCE
from tests.daemon.world import gone
from tests.fakes.claude import Claude, status

REAL_CLAUDE = os.environ.get("REAL_CLAUDE", "")


@pytest.fixture
def claude(tmp_path: Path) -> Claude:
    return Claude(tmp_path / "bin/claude")


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "SYSTEM_PLACES", ())
    # A busy machine may take longer for an answer than a user would wait for it.
    monkeypatch.setattr(claude_cli, "PATIENCE_SECONDS", PATIENCE)


def found(env: dict[str, str]) -> list[str]:
    return installed.find("claude", env["HOME"], [env["PATH"]])


async def asked(env: dict[str, str]) -> str:
    """What the one program says that is there."""
    (program,) = found(env)
    return await claude_cli.subscription(program, env)


async def is_silent(env: dict[str, str]) -> bool:
    with pytest.raises(claude_cli.Silent) as raised:
        await asked(env)
    return [raised.value.program] == found(env)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}


@pytest.mark.parametrize("method", ["claude.ai", "oauth_token", "OAuth_Token", "something.new"])
async def test_a_subscription_is_one_however_it_is_signed_in_to(
    claude: Claude, env: dict[str, str], method: str
) -> None:
    claude.is_signed_in(method)
    assert await asked(env) == method.lower()
    assert claude.asked == ["auth status --json"]


@pytest.mark.parametrize("method", ["none", "api_key", "api_key_helper", "third_party"])
async def test_bug_27_a_key_a_cloud_or_nothing_is_no_subscription(
    claude: Claude, env: dict[str, str], method: str
) -> None:
    claude.is_signed_in(method)
    assert await asked(env) == ""


async def test_what_is_told_counts_and_not_the_exit_code(
    claude: Claude, env: dict[str, str]
) -> None:
    claude.says(status("claude.ai", email="a@b.c", subscriptionType="max", more=[1]), code=1)
    assert await asked(env) == "claude.ai"
    claude.says('{"loggedIn": false}', code=0)
    assert await asked(env) == ""


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "echo error: unknown option --json; exit 1",
        "printf '\\377\\376garbage'",
        "echo '{}'",
        "echo '[]'",
        """echo '{"loggedIn": "yes"}'""",
        "kill -9 $$",
        "yes",
        "sleep 1000",
        "cat; echo still here; sleep 1000",
    ],
)
async def test_a_program_that_gives_no_answer_is_not_waited_for(
    claude: Claude, env: dict[str, str], monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(claude_cli, "PATIENCE_SECONDS", 0.3)
    claude.runs(script)
    assert await is_silent(env)


async def test_what_it_has_started_ends_with_it(
    claude: Claude, env: dict[str, str], tmp_path: Path
) -> None:
    claude.runs(f"sleep 1000 & echo $! > {tmp_path}/pid\nyes")
    assert await is_silent(env)
    await gone(int((tmp_path / "pid").read_text()))


async def test_what_it_has_left_running_ends_when_it_is_not_waited_for(
    claude: Claude, env: dict[str, str], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pids")
    claude.runs(f"sleep 1000 & echo $$ $! > {tmp_path}/pids")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(asked, env)
        pids = await trio.to_thread.run_sync((tmp_path / "pids").read_text)
        own, left = map(int, pids.split())
        await gone(own)
        nursery.cancel_scope.cancel()
    await gone(left)


async def test_one_that_cannot_be_run_gives_no_answer(claude: Claude, env: dict[str, str]) -> None:
    claude.runs("exit 0")
    claude.path.write_text("#!/no/such/interpreter\n")
    assert await is_silent(env)


async def test_nothing_is_found_where_there_is_nothing(env: dict[str, str]) -> None:
    assert found({**env, "PATH": "/nowhere::"}) == []


async def test_one_program_on_several_paths_is_one(claude: Claude, env: dict[str, str]) -> None:
    claude.is_signed_in("none")
    (claude.path.parents[1] / "linked").symlink_to(claude.path.parent)
    linked = str(claude.path.parents[1] / "linked")
    paths = [f"{linked}:{claude.path.parent}", str(claude.path.parent), "/nowhere"]
    assert installed.find("claude", env["HOME"], paths) == [f"{linked}/claude"]


@pytest.mark.parametrize(
    "place",
    [
        ".local/bin",
        ".claude/local",
        ".npm-global/bin",
        ".nvm/versions/node/v24.1.0/bin",
        ".asdf/shims",
        ".local/share/mise/shims",
        ".local/share/fnm/node-versions/v24/installation/bin",
        ".nix-profile/bin",
    ],
)
async def test_it_is_found_where_its_installer_puts_it(
    env: dict[str, str], tmp_path: Path, place: str
) -> None:
    Claude(tmp_path / place / "claude").is_signed_in("claude.ai")
    assert await asked({**env, "PATH": os.environ["PATH"]}) == "claude.ai"


async def test_what_runs_it_may_be_beside_it_alone(env: dict[str, str], tmp_path: Path) -> None:
    claude = Claude(tmp_path / ".nvm/versions/node/v24.1.0/bin/claude")
    claude.runs("claude-runtime")
    runtime = Claude(claude.path.with_name("claude-runtime"))
    runtime.is_signed_in("claude.ai")
    assert await asked({**env, "PATH": os.environ["PATH"]}) == "claude.ai"


async def test_what_would_hide_the_sign_in_is_kept_from_it(
    claude: Claude, env: dict[str, str]
) -> None:
    claude.is_signed_in("claude.ai")
    hiding = {
        "ANTHROPIC_API_KEY": "sk-ant-api03-x",
        "ANTHROPIC_AUTH_TOKEN": "x",
        "CLAUDE_CODE_OAUTH_TOKEN": "x",
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "CLAUDECODE": "1",
    }
    await asked({**env, **hiding, "CLAUDE_CONFIG_DIR": "/c", "LANG": "C"})
    assert not set(hiding) & set(claude.env)
    assert (claude.env["CLAUDE_CONFIG_DIR"], claude.env["LANG"]) == ("/c", "C")
    assert claude.env["DISABLE_AUTOUPDATER"] == "1"


@pytest.mark.skipif(
    sys.platform == "darwin" or not REAL_CLAUDE,
    reason="REAL_CLAUDE=/path/to/claude names none that keeps its sign-in in a file",
)
async def test_the_real_program_says_what_is_expected(tmp_path: Path) -> None:
    path = f"{Path(REAL_CLAUDE).parent}:{os.environ['PATH']}"
    env = {"HOME": str(tmp_path), "PATH": path, "ANTHROPIC_API_KEY": "sk-ant-api03-x"}
    assert await asked(env) == ""
    scopes = ["user:inference", "user:profile"]
    tokens = {"accessToken": "invented", "refreshToken": "invented", "expiresAt": 4e12}
    (tmp_path / ".claude").mkdir(exist_ok=True)
    (tmp_path / ".claude/.credentials.json").write_text(
        json.dumps({"claudeAiOauth": {**tokens, "scopes": scopes, "subscriptionType": "max"}})
    )
    assert await asked(env) == "claude.ai"


def test_the_fingerprint_changes_with_the_program_and_with_what_it_stores(
    claude: Claude, env: dict[str, str], tmp_path: Path
) -> None:
    def fingerprint() -> tuple[object, ...]:
        return claude_cli.fingerprint(found(env), [claude_cli.configuration(env)])

    seen = [fingerprint()]
    claude.is_signed_in("none")
    seen.append(fingerprint())
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude/.credentials.json").write_text("{}")
    seen.append(fingerprint())
    assert len(set(seen)) == 3
    assert fingerprint() == seen[-1]
