"""The command line as a whole: what exists, what it costs, and how it ends."""

import ast
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from claudette_cli import exits, main, parsing
from claudette_cli.client import names
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import Faulty

PACKAGE = Path(main.__file__).parent
HEAVY = {
    *("asyncio", "msgspec", "platformdirs", "prompt_toolkit", "rich", "shutil", "trio", "typing"),
}


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: claudette {name}" in capsys.readouterr().out


def test_the_overview_names_every_command_and_exit_code() -> None:
    text = parsing.build_parser().format_help()
    assert all(f"    {name}" in text for name in main.COMMANDS)
    assert all(why in text for why in exits.MEANINGS.values())


def test_the_table_of_commands_and_the_modules_agree() -> None:
    for module in {module for module, _ in main.COMMANDS.values()}:
        verbs = import_module(f"claudette_cli.{module}").VERBS
        assert set(verbs) == {name for name, (at, _) in main.COMMANDS.items() if at == module}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["atach"], "did you mean attach or batch?"),
        (["zzz"], "claudette --help"),
        (["send"], "required: text"),
        (["ls", "--al"], "unrecognized arguments"),
        (["ask", "x", "--timeout", "soon"], "give seconds"),
        (["new", "--level", "wild"], "invalid choice"),
    ],
)
def test_a_mistyped_command_line_is_explained(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(arguments)
    assert ended.value.code == exits.USAGE
    assert said in capsys.readouterr().err


def loaded_by(*arguments: str) -> set[str]:
    program = (
        "import atexit, sys\nfrom claudette_cli.main import main\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["help"]])
def test_the_overview_loads_no_command(arguments: list[str]) -> None:
    loaded = loaded_by(*arguments)
    assert loaded & HEAVY == set()
    modules = {f"claudette_cli.{module}" for module, _ in main.COMMANDS.values()}
    assert loaded & modules <= {"claudette_cli.help.command"}


@pytest.mark.parametrize("arguments", [["ls"], ["ls", "--json"], ["show", "c" * 12], ["stop", "c"]])
def test_a_short_command_loads_nothing_heavy(fake: Fake, arguments: list[str]) -> None:
    chat = {"id": "c" * 12, "cwd": "/w", "workspace": "/w", "harness": "pi"}
    chat["updatedAt"] = "2026-01-01T00:00:00.000Z"
    fake(
        chat_list=lambda params: {"chats": [] if params.get("archived") else [chat]},
        chat_get=lambda params: {"chat": chat},
        turn_stop=lambda params: {"stopped": True},
    )
    assert loaded_by(*arguments) & HEAVY == set()


def test_a_refusal_is_one_sentence_on_stderr(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    def get(params: object) -> object:
        raise Faulty("ChatNotFound", "There is no such chat.")

    fake(chat_get=get)
    assert main.main(["show", "c" * 12]) == exits.NOT_FOUND
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "claudette: There is no such chat.\n")


def test_a_reader_that_has_enough_is_no_error(fake: Fake) -> None:
    chats = [{"id": f"{n:012}", "cwd": "/w", "title": "x" * 200} for n in range(2000)]
    fake(chat_list=lambda params: {"chats": chats})
    line = f"{sys.executable} -m claudette_cli ls; echo $? >&2"
    done = subprocess.run(
        ["sh", "-c", f"({line}) | head -n 1"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("0" * 12)
    assert done.stderr == f"{exits.PIPE_CLOSED}\n"


def test_all_that_is_printed_arrives_and_nothing_is_done_afterwards(fake: Fake) -> None:
    chats = [{"id": f"{n:012}", "cwd": "/w", "title": "x" * 200} for n in range(2000)]
    fake(chat_list=lambda params: {"chats": chats})
    program = (
        "import atexit, sys\nfrom claudette_cli.main import program\n"
        "atexit.register(print, 'late')\nprogram(sys.argv[1:])"
    )
    command = [sys.executable, "-c", program]
    listed = subprocess.run([*command, "ls", "--json"], capture_output=True, text=True)
    assert (listed.returncode, json.loads(listed.stdout), listed.stderr) == (0, chats, "")
    refused = subprocess.run([*command, "delete", "none"], capture_output=True, text=True)
    assert (refused.returncode, refused.stdout) == (exits.NOT_FOUND, "")
    assert refused.stderr.startswith("claudette: ")


def test_every_method_it_names_exists() -> None:
    nouns = {name.split("/")[0] for name in names.METHODS}
    named = {
        node.value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for node in node.args[:1]
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "/" in node.value
    }
    methods = {name for name in named if name.split("/")[0] in nouns and " " not in name}
    assert "chat/list" in methods
    assert methods <= set(names.METHODS)


def test_what_is_gone_with_its_installation_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(main.COMMANDS, "ls", ("commands.gone", "list"))
    assert main.main(["ls"]) == exits.FAILED
    assert capsys.readouterr().err == f"claudette: {exits.REPLACED}\n"


def test_a_module_of_others_that_is_missing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(argv: list[str]) -> int:
        raise ModuleNotFoundError("No module named 'elsewhere'", name="elsewhere")

    monkeypatch.setattr(main, "run", missing)
    with pytest.raises(ModuleNotFoundError):
        main.main([])
