"""What can follow what was typed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from claudette_cli.completion import answering
from claudette_cli.completion.command import SCRIPTS
from claudette_cli.main import COMMANDS, main
from tests.unit.cli.conftest import Fake
from tests.unit.cli.test_main import HEAVY

CHATS = [{"id": "3gq65vbmik4t", "title": "Fix the test"}, {"id": "4hq65vbmik4t", "title": "x"}]


def names(*before: str, word: str = "") -> list[str]:
    return [each for each, _ in answering.possible(list(before), word)[1]]


def test_commands_verbs_options_and_choices_are_known(data: Path) -> None:
    assert names() == list(COMMANDS)
    assert "install" in names("service")
    assert {"--timeout", "--forget"} <= set(names("ask", word="-"))
    assert "readonly" in names("-p", "--level")
    assert "--url" in names("backend", "set", "ollama", word="--")
    assert answering.possible(["new"], "")[0] == "directory"
    assert answering.possible(["bug-report", "--output"], "")[0] == "file"
    assert answering.possible(["ask", "--timeout", "5"], "")[0] == "text"
    assert names("no-such-command") == []


def test_what_only_the_daemon_knows_is_asked(fake: Fake) -> None:
    fake(
        chat_list=lambda params: {"chats": CHATS},
        setting_list=lambda params: {"settings": [{"key": "max_agents", "about": "The most."}]},
        model_list=lambda params: {"models": [{"id": "ollama/a:b", "name": "A"}]},
        rule_list=lambda params: {"rules": [{"id": "r1", "text": "allow bash make"}]},
    )
    assert names("show") == ["3gq65vbmik4t", "4hq65vbmik4t"]
    assert names("setting") == ["max_agents"]
    assert names("ask", "--model") == ["ollama/a:b"]
    assert names("rules", "rm") == ["r1"]


def test_without_a_daemon_none_is_started(data: Path) -> None:
    assert names("show") == []
    assert not data.exists()


def complete(*arguments: str) -> list[str]:
    program = "import sys; from claudette_cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", program, "--complete", *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def test_each_shell_is_answered_in_its_own_way(fake: Fake) -> None:
    models = [{"id": "ollama/a:b", "name": "A: B"}, {"id": "ollama/a:c", "name": ""}]
    fake(model_list=lambda params: {"models": models}, chat_list=lambda params: {"chats": CHATS})
    assert complete("bash", "claudette show 3") == ["3gq65vbmik4t"]
    assert complete("bash", "claudette show ") == [
        "3gq65vbmik4t  -- Fix the test",
        "4hq65vbmik4t  -- x",
    ]
    assert complete("bash", "claudette ask --model ollama/a:") == ["b  -- A: B", "c"]
    assert complete("zsh", "ask", "--model", "ollama/a:b") == ["ollama/a\\:b:A: B"]
    assert complete("fish", "ask", "--model", "ollama/a:b") == ["ollama/a:b\tA: B"]
    assert complete("bash", "claudette new ") == [":directories"]
    assert complete("fish", "ask", "@READ") == [":@files"]


def test_it_loads_nothing_heavy(fake: Fake) -> None:
    fake(chat_list=lambda params: {"chats": CHATS})
    program = (
        "import sys\nfrom claudette_cli.main import main\nmain(sys.argv[1:])\n"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    words = [sys.executable, "-c", program, "--complete", "fish", "show", ""]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 2
    assert set(done.stderr.split()) & (HEAVY | {"argparse"}) == set()


@pytest.mark.parametrize("shell", SCRIPTS)
def test_every_script_asks_with_its_own_name(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["completion", shell])
    assert f"claudette --complete {shell}" in capsys.readouterr().out


def test_the_table_has_every_command() -> None:
    table = json.loads(Path(answering._TABLE).read_text())
    assert list(table["words"]) == list(table["summaries"]) == list(COMMANDS)
