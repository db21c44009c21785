"""What whoever runs the tests has set, installed or running changes nothing for them."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.fakes.claude import Claude
from tests.fakes.local_server import LocalServer, shown
from tests.support.guard.sitecustomize import USUAL_PORTS

CHECKOUT = Path(__file__).parents[1]
PROBE = """
import json, locale, os, shutil, socket, subprocess, sys, time
from tests.support import isolation
place = str(isolation.enter())

def connects(port):
    with socket.socket() as peer:
        try:
            peer.connect(("127.0.0.1", port))
        except ConnectionRefusedError:
            return False
        return True

def says(*words):
    return subprocess.run(words, capture_output=True, text=True).stdout.replace(place, "HERE")

print(json.dumps({
    "environment": {name: text.replace(place, "HERE") for name, text in os.environ.items()},
    "child": says("env"),
    "login shell": says(os.environ["SHELL"], "-l", "-c", "exec env"),
    "git": says("git", "config", "--list"),
    "claude": shutil.which("claude"),
    "zone": time.tzname,
    "encoding": locale.getencoding(),
    "umask": os.umask(0),
    "ignored": says("sh", "-c", "grep SigIgn /proc/self/status || true"),
    "servers": [connects(int(port)) for port in sys.argv[1:]],
}))
"""
AFFECTED = (
    "tests/daemon/test_chats.py::test_a_chat_works_in_the_repository_around_its_directory",
    "tests/daemon/test_chats.py::test_a_repository_at_home_is_no_workspace_by_itself",
    "tests/daemon/test_chats.py::test_what_a_client_carries_reaches_a_running_agent_and_the_next_one",
    "tests/e2e/test_attach.py::test_tab_completes_a_command_and_what_it_takes",
    "tests/e2e/test_providers.py::test_every_provider_of_pi_is_listed_with_its_variable_and_models",
    "tests/e2e/test_providers.py::test_a_person_sees_what_is_configured_and_where_to_read_on",
    "tests/unit/cli/rendering/test_cards.py",
    "tests/unit/cli/test_main.py::test_the_overview_names_every_command_and_exit_code",
)
"""One or two of each place where something of the user's could show through."""


class User:
    """Whoever runs the tests: a home of his own, and what he has set."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home = home
        self.stack = stack
        self.env = {"HOME": str(home), "PATH": os.environ["PATH"]}
        self.ignores: set[signal.Signals] = set()

    def runs(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=CHECKOUT,
            env=self.env,
            capture_output=True,
            text=True,
            # His terminal is none of the tests' business either.
            start_new_session=True,
            preexec_fn=self._ignore,
        )

    def _ignore(self) -> None:
        for signum in self.ignores:
            signal.signal(signum, signal.SIG_IGN)

    def sees(self) -> dict[str, object]:
        """The environment that tests have which he starts."""
        done = self.runs("-c", PROBE, *map(str, USUAL_PORTS))
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What tests see whose user has nothing."""
    with ExitStack() as stack:
        return User(tmp_path_factory.mktemp("plain"), stack).sees()


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    with ExitStack() as stack:
        yield User(tmp_path, stack)


def local_servers(user: User) -> None:
    """Where they usually listen. A port that is taken already is played by who has taken it."""
    answers = {"/api/tags": {"models": [{"name": "qwen3"}]}, "/api/show": shown(4096)}
    for port in USUAL_PORTS:
        with suppress(OSError):
            user.stack.enter_context(LocalServer(answers, port))


def proxy(user: User) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        user.env |= {name: "http://127.0.0.1:9", name.upper(): "http://127.0.0.1:9"}


def claude_cli(user: User) -> None:
    """On PATH, and in each place where an installer may put it."""
    for place in (".local/bin", ".claude/local"):
        Claude(user.home / place / "claude").is_signed_in("claude.ai")
    (user.home / ".local/bin/other").symlink_to("/bin/sh")
    (user.home / ".claude/.credentials.json").write_text("{}")
    user.env |= {"CLAUDE_CONFIG_DIR": str(user.home / ".claude"), "ANTHROPIC_API_KEY": "invented"}
    user.env["PATH"] = f"{user.home}/.local/bin{os.pathsep}{user.env['PATH']}"


def git(user: User) -> None:
    (user.home / ".gitconfig").write_text(
        "[init]\n\tdefaultBranch = trunk\n[commit]\n\tgpgsign = true\n[core]\n\thooksPath = /no\n"
    )
    user.env |= {"GIT_DIR": str(user.home), "GIT_INDEX_FILE": "/no", "GIT_AUTHOR_NAME": "me"}


def colour(user: User) -> None:
    user.env |= {"NO_COLOR": "1", "FORCE_COLOR": "3", "CLICOLOR_FORCE": "1"}


def language(user: User) -> None:
    user.env |= {"LANG": "ja_JP.eucJP", "LC_ALL": "de_DE.ISO-8859-1", "LANGUAGE": "tr"}


def ascii_only(user: User) -> None:
    user.env |= {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def terminal(user: User) -> None:
    user.env |= {"TERM": "dumb", "COLUMNS": "20", "LINES": "5", "PAGER": "no", "EDITOR": "no"}
    user.env |= {"TMUX": "/no,1,1", "SSH_TTY": "/dev/pts/9", "DISPLAY": ":9", "BROWSER": "no"}


def zone(user: User) -> None:
    user.env["TZ"] = "Pacific/Chatham"


def xdg(user: User) -> None:
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        user.env[f"XDG_{name}_HOME"] = str(user.home / "xdg" / name)
    user.env |= {"XDG_RUNTIME_DIR": str(user.home), "DBUS_SESSION_BUS_ADDRESS": "unix:path=/no"}


def own_daemon(user: User) -> None:
    """He uses what is tested."""
    for name in ("DATA", "RUNTIME", "CONFIG"):
        user.env[f"CLAUDETTED_{name}_DIR"] = str(user.home / name)
    user.env |= {"CLAUDETTE_PI_HARNESS": "/no", "PI_CODING_AGENT_DIR": "/no", "OLLAMA_HOST": "no"}


def background(user: User) -> None:
    """Of a shell, and with `nohup`."""
    user.ignores = {signal.SIGINT, signal.SIGQUIT, signal.SIGHUP}


def shell(user: User) -> None:
    user.env["SHELL"] = "/bin/false"
    for name in (".profile", ".bash_profile", ".zprofile"):
        (user.home / name).write_text("echo from the profile\nexport PATH=/no FROM_PROFILE=1\n")
    user.env |= {"PYTHONSTARTUP": "/no", "PYTHONWARNINGS": "ignore", "VIRTUAL_ENV": "/no"}


KINDS: tuple[Callable[[User], None], ...] = (
    *(local_servers, proxy, claude_cli, git, colour, language, ascii_only),
    *(terminal, zone, xdg, own_daemon, background, shell),
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_a_user_has_is_not_seen(
    plain: dict[str, object], user: User, kind: Callable[[User], None]
) -> None:
    kind(user)
    seen = user.sees()
    if kind is claude_cli:
        # The other programs beside it are still there, in a directory of links.
        path = str(seen["environment"]["PATH"])  # type: ignore[index]
        assert path.startswith(f"HERE/programs/own{os.pathsep}HERE/programs/0{os.pathsep}")
        seen = json.loads(json.dumps(seen).replace(f"HERE/programs/0{os.pathsep}", ""))
    assert seen == plain
    assert seen["claude"] is None
    assert seen["servers"] == [False] * len(USUAL_PORTS)


def test_this_process_has_entered(tmp_path: Path) -> None:
    assert "/ct-" in os.environ["HOME"]
    with pytest.raises(OSError, match="unreachable"), socket.socket() as peer:
        peer.connect(("192.0.2.1", 80))


def test_python3_is_the_program_that_runs_the_tests() -> None:
    words = ["python3", "-I", "-c", "import os, sys; print(os.path.realpath(sys.executable))"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert said == f"{os.path.realpath(sys.executable)}\n"


@pytest.mark.slow
def test_tests_pass_whatever_the_user_has(user: User) -> None:
    for kind in KINDS:
        kind(user)
    done = user.runs("-m", "pytest", "-q", "-p", "no:cacheprovider", *AFFECTED)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_no_name_of_a_test_is_long(request: pytest.FixtureRequest) -> None:
    """Every worker sends all of them, and the name of a test with all that is told of it."""
    assert max(len(item.nodeid) for item in request.session.items) < 10_000
