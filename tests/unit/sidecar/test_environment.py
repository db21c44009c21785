"""What an agent starts from is the user's own environment, and not that of a passing shell."""

from pathlib import Path

import pytest

from claudetted.sidecar import environment
from claudetted.sidecar.environment import LoginEnvironment


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".profile").write_text(
        'echo "welcome, says a noisy profile"\n'
        "export PATH=/opt/mine/bin:/usr/bin:/bin\n"
        "export GREETING='two\nlines'\n"
        'echo asked >> "$HOME/asked"\n'
    )
    return tmp_path


def own(home: Path, **more: str) -> dict[str, str]:
    return {"SHELL": "/bin/sh", "HOME": str(home), "PATH": "/elsewhere", **more}


async def test_the_login_shell_decides_and_not_the_shell_that_started_us(home: Path) -> None:
    asked = LoginEnvironment(own(home, VIRTUAL_ENV="/some/venv", SHLVL="3", EXPORTED="kept"))
    found = await asked.get()
    assert found["PATH"] == "/opt/mine/bin:/usr/bin:/bin"
    assert found["GREETING"] == "two\nlines"
    assert found["EXPORTED"] == "kept"
    assert found["HOME"] == str(home)
    assert not environment.OF_ONE_SHELL & set(found)


async def test_it_is_asked_once(home: Path) -> None:
    asked = LoginEnvironment(own(home))
    assert await asked.get() == await asked.get()
    assert (home / "asked").read_text() == "asked\n"


@pytest.mark.parametrize("profile", ["exit 3\n", "exec 1>&-\n"])
async def test_a_shell_that_fails_leaves_our_own(home: Path, profile: str) -> None:
    (home / ".profile").write_text(profile)
    assert (await LoginEnvironment(own(home)).get())["PATH"] == "/elsewhere"


async def test_a_shell_that_is_not_there_leaves_our_own(home: Path) -> None:
    found = await LoginEnvironment(own(home) | {"SHELL": "/no/such/shell"}).get()
    assert found["PATH"] == "/elsewhere"


async def test_a_shell_that_hangs_is_not_waited_for(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".profile").write_text("sleep 1000\n")
    monkeypatch.setattr(environment, "PATIENCE_SECONDS", 0.2)
    assert (await LoginEnvironment(own(home)).get())["PATH"] == "/elsewhere"
