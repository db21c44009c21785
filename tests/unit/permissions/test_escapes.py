"""What another program of the user's would do on an agent's behalf asks, in full too."""

import pytest
from msgspec.structs import replace

from claudetted.permissions import escapes
from claudetted.permissions.engine import judge
from tests.unit.permissions.world import CHAT_DIR, HOME, PLACES, WORKSPACE, asking, running, verdict


@pytest.mark.parametrize("command", escapes.COMMANDS)
def test_each_command_of_the_list_asks_in_full(command: str) -> None:
    told = verdict(running(f"{command} x y"), level="full")
    assert (told.effect, told.scopes) == ("ask", ("once",))
    assert told.rule and told.rule.text == f"ask @run command {command}"
    assert verdict(running(f"{command} x y"), "allow bash", level="full").effect == "ask"


@pytest.mark.parametrize(
    "command",
    [
        "bash -c 'tmux -L other send-keys -t 0 y Enter'",
        "echo 'claudette approve' | at now",
        "env -i /usr/bin/systemd-run --user claudette approve",
        "cd src && (sudo -n true; ls)",
        "find . -name x -exec gdb -p 1 {} +",
        "ssh -p 2222 localhost claudette approve",
        "ssh me@localhost claudette approve",
        "ssh -p2222 me@127.0.0.1",
        "ssh ssh://me@localhost:22 x",
        "ssh 'ssh://[::1]'",
        "ssh ::1 x",
        "ssh LOCALHOST",
        "ssh 127.1.2.3",
        "scp evil me@localhost:.bashrc",
        "rsync -a evil localhost:.bashrc",
        "nvim --server /run/user/1/nvim.1.0 --remote-send ':!x'",
        "strace -f -p 17",
        "echo 'claudette approve' >> ~/.bashrc",
        f"cp evil {HOME}/.local/bin/claude",
        "sed -i s/a/b/ ~/.zshrc",
        "ln -s evil ~/.config/systemd/user/x.service",
        "tee ~/.pi/agent/models.json",
    ],
)
def test_it_asks_in_full_however_it_is_spelled(command: str) -> None:
    assert verdict(running(command), level="full").effect == "ask"


@pytest.mark.parametrize(
    "command",
    [
        "git commit -m 'at last: tmux'",
        "cat ~/.bashrc",
        "grep -r sudo docs",
        "ls ~/.local/bin",
        "systemctl status nginx",
        "ssh build.example.org make",
        "strace -f ./program",
        "nvim --headless +q",
        '"$HOME/.local/bin/tool" x',
        "~/bin/tool --all",
        "source ~/.bashrc && make",
        'source "$VIRTUAL_ENV/bin/activate"',
        "bash scripts/build.sh",
        "python3 - < x.py",
        "scp a.txt build.example.org:b.txt",
        "rsync -a src/ out/",
        "eval ls",
        'make "$target"',
        'env FOO="$x" make',
        'xargs -n "$n" wc',
        'find "$dir" -name x',
        "python3 scripts/crontab.py",
        '$RUNNER "$target"',
        "curl -s https://example.org/install | sh",
    ],
)
def test_nothing_else_asks_in_full(command: str) -> None:
    assert verdict(running(command), level="full").effect == "allow"


def test_an_edit_of_such_a_file_asks_in_full_and_reading_it_does_not() -> None:
    for path in ("/.bashrc", "/.local/bin/claude", "/.pi/agent/models.json", "/.ssh/config"):
        assert verdict(asking("edit", "edit", HOME + path), level="full").effect == "ask"
        assert verdict(asking("read", "read", HOME + path), level="full").effect == "allow"


def test_a_write_to_where_the_daemon_runs_from_asks_in_full() -> None:
    places = replace(PLACES, programs=(HOME + "/venv",))
    for path, effect in (("/venv/bin/claudette", "ask"), ("/venv2/x", "allow")):
        told = judge(
            asking("write", "write", HOME + path),
            level="full",
            workspace=WORKSPACE,
            chat_dir=CHAT_DIR,
            rules=[],
            places=places,
        )
        assert told.effect == effect
