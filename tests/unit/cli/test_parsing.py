"""What every command has: JSON for scripts, and what it does when nothing is said of its verbs."""

import json
from argparse import _SubParsersAction
from collections.abc import Callable, Iterator

import pytest

from claudette_cli import exits
from claudette_cli.main import COMMANDS, main
from claudette_cli.parsing import parse, parser_of
from claudette_cli.reference import _parsers
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import Json

WITHOUT = {
    "acp": "speaks a protocol",
    "bug-report": "writes a text to be read before it is sent",
    "completion": "prints a script",
    "demo": "is to be watched",
    "help": "prints a text",
    "provider login": "asks its user",
    "rpc": "prints JSON always",
    "service logs": "is what the service manager prints",
    "stdio": "speaks a protocol",
}
ITEM = {"id": "i", "kind": "message", "status": "done"}
CHAT = {"id": "c" * 12, "cwd": "/w"}
LISTS: dict[str, Json] = {
    "agent": {"harness_list": {"harnesses": []}},
    "audit": {"permission_audit": {"decisions": []}},
    "backend": {"backend_list": {"backends": []}},
    "history cccccccccccc": {"chat_history": {"items": [ITEM]}},
    "inbox": {"permission_list": {"permissions": []}, "question_list": {"questions": []}},
    "jobs": {"process_list": {"processes": []}},
    "ls": {"chat_list": {"chats": [CHAT]}},
    "model": {"model_list": {"models": [], "refreshedAt": "now", "default": ""}},
    "provider": {"provider_list": {"providers": []}},
    "ps": {"process_list": {"processes": []}},
    "questions": {"question_list": {"questions": []}},
    "queue list cccccccccccc": {"queue_list": {"entries": []}},
    "remote list": {"device_list": {"devices": []}},
    "rules": {"rule_list": {"rules": []}},
    "setting": {"setting_list": {"settings": []}},
    "top": {"event_subscribe": {"chats": [CHAT]}, "process_list": {"processes": []}},
    "trust": {"question_list": {"questions": []}, "setting_list": {"settings": []}},
}


def parsers() -> Iterator[tuple[str, Json, bool]]:
    """By command and verb: its options, and whether a verb has to be named."""
    for name in COMMANDS:
        for title, parser in _parsers(name, parser_of(name)):
            options = {word: act.help for act in parser._actions for word in act.option_strings}
            groups = [act for act in parser._actions if isinstance(act, _SubParsersAction)]
            yield title, options, any(group.required for group in groups)


def test_every_command_prints_json_and_says_what() -> None:
    known = {title: options for title, options, _ in parsers()}
    assert {title for title, options in known.items() if "--json" not in options} == set(WITHOUT)
    assert all(options["--json"] for title, options in known.items() if title not in WITHOUT)


def test_every_group_of_commands_works_bare() -> None:
    assert [title for title, _, required in parsers() if required] == []


def answer(told: Json) -> Callable[[Json], Json]:
    return lambda params: told


@pytest.mark.parametrize("words", LISTS)
def test_a_list_is_one_array(fake: Fake, capsys: pytest.CaptureFixture[str], words: str) -> None:
    fake(**{name: answer(told) for name, told in LISTS[words].items()})
    assert main([*words.split(), "--json"]) == exits.DONE
    (line,) = capsys.readouterr().out.splitlines()
    assert isinstance(json.loads(line), list)


def words_of_verbs() -> Iterator[tuple[str, list[str]]]:
    """Those after which another may stand: one of each that a verb has, and two of a list."""
    for name in COMMANDS:
        for title, parser in _parsers(name, parser_of(name)):
            words = [act for act in parser._actions if not act.option_strings]
            if any(isinstance(act, _SubParsersAction) for act in words):
                continue
            typed = []
            for act in words:
                typed += [*(act.choices or ["w"])][:1] * (2 if act.nargs in ("*", "+") else 1)
            if len(typed) > 1 and "--json" in parser.format_help():
                yield title, typed


def test_options_stand_between_the_words_of_every_command() -> None:
    """Where a word may be missing, argparse by itself takes it for missing at the first option."""
    for verb, words in words_of_verbs():
        name, *group = verb.split()
        plain = parse(name, [*group, "--json", *words])
        for at in range(1, len(words)):
            assert parse(name, [*group, *words[:at], "--json", *words[at:]]) == plain


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("new . --level full text", {"dir": ".", "level": "full", "message": "text"}),
        ("new --level full . text", {"dir": ".", "level": "full", "message": "text"}),
        ("new -- . -text", {"dir": ".", "message": "-text"}),
        ("level c --json full", {"chat": "c", "level": "full"}),
        ("setting key --here value", {"key": "key", "value": "value"}),
        ("setting key -1", {"key": "key", "value": "-1"}),
        ("setting key -- -1", {"key": "key", "value": "-1"}),
        ("model c --json m", {"chat": "c", "model": "m"}),
        ("trust grant --json dir", {"what": "grant", "directory": "dir"}),
        ("compact c --no-wait text", {"chat": "c", "focus": "text"}),
        ("move c --broad dir", {"chat": "c", "dir": "dir"}),
        ("move dir", {"chat": None, "dir": "dir"}),
        ("send -- -text", {"chat": None, "text": "-text"}),
        ("send --wait -- -text", {"chat": None, "text": "-text", "wait": True}),
        ("send c --wait -- --text", {"chat": "c", "text": "--text"}),
        ("ask -- -a -- --json", {"text": ["-a", "--", "--json"], "json": False}),
        ("rules explain c --json git push", {"chat": "c", "command": ["git", "push"]}),
        ("rules explain c git -- push -f", {"chat": "c", "command": ["git", "push", "-f"]}),
        ("rules add deny --scope chat bash --chat c", {"rule": ["deny", "bash"], "chat": "c"}),
        ("rules add deny bash -- command -x", {"rule": ["deny", "bash", "command", "-x"]}),
        ("agent add a --like b -- c --json -- -d", {"command": ["c", "--json", "--", "-d"]}),
        ("jobs c --all log", {"words": ["c", "log"], "all": True}),
        ("ask a --model m b -- -c", {"text": ["a", "b", "-c"], "model": "m"}),
    ],
)
def test_a_word_is_what_it_is_typed_as(typed: str, found: Json) -> None:
    name, *words = typed.split()
    parsed = vars(parse(name, words))
    assert {key: parsed.get(key) for key in found} == found


def test_a_word_too_many_is_named_as_it_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse("new", [".", "--json", "text", "--", "-x"])
    assert ended.value.code == exits.USAGE
    assert capsys.readouterr().err.endswith("unrecognized arguments: -x\n")
