"""What an agent starts from is the user's own environment, and not that of a passing shell."""

from pathlib import Path

import pytest

from claudetted.sidecar import login_shell
from claudetted.sidecar.login_shell import LoginEnvironment


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # A busy machine may take longer for an answer than a user would wait for it.
    monkeypatch.setattr(login_shell, "PATIENCE_SECONDS", 60.0)
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
    assert not login_shell.OF_ONE_SHELL & set(found)


async def test_a_shell_that_gave_no_answer_is_asked_again_later(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".profile").write_text('[ -e "$HOME/quick" ] || exit 3; PATH=/found:/usr/bin:/bin\n')
    asked = LoginEnvironment(own(home))
    assert (await asked.get())["PATH"] == "/elsewhere"
    assert asked.trouble == "/bin/sh -l did not tell its environment"
    (home / "quick").touch()
    assert (await asked.get())["PATH"] == "/elsewhere", "nothing waits for it a second time"
    monkeypatch.setattr(login_shell, "AGAIN_SECONDS", 0.0)
    assert (await asked.get())["PATH"] == "/found:/usr/bin:/bin"
    assert asked.trouble == ""


async def test_a_shell_that_gave_no_answer_is_asked_when_the_user_says_so(home: Path) -> None:
    asked = LoginEnvironment(own(home) | {"SHELL": "/no/such/shell"})
    await asked.get()
    assert "/no/such/shell" in asked.trouble
    asked._login._own = own(home)
    asked.ask_again()
    assert (await asked.get())["PATH"] == "/opt/mine/bin:/usr/bin:/bin"


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
    monkeypatch.setattr(login_shell, "PATIENCE_SECONDS", 0.2)
    asked = LoginEnvironment(own(home))
    assert (await asked.get())["PATH"] == "/elsewhere"
    assert asked.trouble == "/bin/sh -l did not tell its environment within 0.2 s"


async def test_every_path_of_the_user_is_known(home: Path) -> None:
    (home / ".bashrc").write_text(
        'case $- in *i*) export PATH="$HOME/shims:$PATH"; echo a noisy file ;; esac\n'
        'echo asked >> "$HOME/interactive"\n'
    )
    asked = LoginEnvironment(own(home) | {"SHELL": "/bin/bash"})
    login = "/opt/mine/bin:/usr/bin:/bin"
    for _ in range(2):
        assert await asked.paths() == [login, "/elsewhere", f"{home}/shims:{login}"]
    assert (home / "interactive").read_text() == "asked\n"
    assert (await asked.get())["PATH"] == login, "the agents have what the login shell says"


async def test_a_shell_that_hangs_when_it_is_interactive_leaves_the_other_paths(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".bashrc").write_text("sleep 1000\n")
    asked = LoginEnvironment(own(home) | {"SHELL": "/bin/bash"})
    await asked.get()  # with all patience: the login shell does answer
    monkeypatch.setattr(login_shell, "PATIENCE_SECONDS", 0.5)
    assert await asked.paths() == ["/opt/mine/bin:/usr/bin:/bin", "/elsewhere"]
