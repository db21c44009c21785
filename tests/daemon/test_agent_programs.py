"""Vendors' own programs, asked which version they are and whether they are signed in."""

import pytest

from tests.daemon.client import Client
from tests.daemon.world import Home
from tests.fakes.claude import Claude

VERSION = '[ "$1" = --version ] && echo "2.1.332 (Claude Code)" && exit 0; exit '


@pytest.fixture
def program(home: Home) -> Claude:
    return Claude(home.root / "vendor/claude")


def beside(program: Claude) -> dict[str, str]:
    return {"PATH": f"{program.path.parent}:/usr/bin:/bin"}


@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_program_says_its_version_and_whether_it_is_signed_in(
    client: Client, program: Claude, signed_in: bool
) -> None:
    program.runs(VERSION + ("0" if signed_in else "1"))
    told = await client.call("harness/test", name="claude", env=beside(program))
    assert (told["ok"], told["version"]) == (signed_in, "2.1.332")
    assert (told["callsItself"], told.get("signedIn", True)) == ("Claude Code", signed_in)
    assert signed_in or "claude auth login" in told["message"]
    assert sorted(program.asked) == ["--version", "auth status"]


async def test_a_program_that_says_nothing_and_one_that_is_missing(
    client: Client, program: Claude
) -> None:
    program.runs("exit 3")
    silent = await client.call("harness/test", name="claude", env=beside(program))
    assert not silent["ok"] and "--version" in silent["message"]
    missing = await client.call("harness/test", name="codex", env={"PATH": "/none"})
    assert not missing["ok"] and "not installed" in missing["message"]
