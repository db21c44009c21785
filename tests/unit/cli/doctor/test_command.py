"""The doctor and the report, with a daemon that has something to tell."""

import json
from pathlib import Path
from typing import Any

import pytest

from claudette_cli import exits
from claudette_cli.main import main
from claudetted import __version__
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import FakeDaemon, Faulty, Json

SETTINGS = [
    {"key": "notify_command", "value": "curl -H 'token: abc123def' x"},
    {"key": "notification_webhook", "value": "https://hooks.example/T0/unguessable"},
    {"key": "y"},
]


WRONG = [{"line": 3, "key": "max_agents", "why": "Expected `int` >= 1."}]


def serve(fake: Fake, **handlers: Any) -> FakeDaemon:
    blocked = {"id": "anthropic", "configured": True, "source": "x", "blocked": "it is Claude's"}
    local = {"id": "ollama", "name": "Ollama", "url": "http://[::1]:1", "ownUrl": True}
    known = {
        "daemon_status": lambda params: {"box": "", "boxMissing": "install bubblewrap"},
        "daemon_diagnose": lambda params: {"keychainMissing": "There is none.", "path": "/bin"},
        "harness_list": lambda params: {"harnesses": [{"name": "Pi", "missing": "no Bun"}]},
        "provider_list": lambda params: {"providers": [blocked], "trouble": "auth.json is broken"},
        "backend_list": lambda params: {"backends": [local]},
        "backend_test": lambda params: {"ok": False, "message": "refused"},
        "setting_list": lambda params: {"settings": SETTINGS, "file": "/c.toml", "problems": WRONG},
        "chat_list": lambda params: {"chats": [{"harness": "pi", "title": "My secret plan"}]},
    }
    return fake(**known | handlers)


def rows(capsys: pytest.CaptureFixture[str]) -> dict[str, Json]:
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)}


def test_what_the_daemon_tells_is_judged(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    serve(fake)
    assert main(["doctor", "--json"]) == exits.FAILED
    told = rows(capsys)
    states = {name: told[name]["state"] for name in ("box", "keychain", "Pi", "Ollama")}
    assert states == {"box": "note", "keychain": "note", "Pi": "note", "Ollama": "problem"}
    assert told["settings"]["state"] == "problem"
    assert told["settings"]["said"].startswith("/c.toml:3: max_agents: Expected `int` >= 1.")
    assert told["box"]["advice"] == "install bubblewrap"
    assert told["daemon"]["state"] == "problem" and told["daemon"]["fixable"]
    assert "claudette restart" in told["daemon"]["advice"]
    assert main(["doctor"]) == exits.FAILED
    said = capsys.readouterr().out
    assert "✗ providers    auth.json is broken" in said
    assert said.endswith("problems left.\n")


def test_a_refusal_of_one_question_leaves_the_others(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(params: Json) -> Json:
        raise Faulty("HarnessFailed", "Pi did not start.")

    serve(fake, provider_list=refuse)
    main(["doctor", "--json"])
    told = rows(capsys)
    assert told["providers"]["said"] == "Pi did not start."
    assert "Ollama" in told


def test_what_can_be_repaired_is(
    fake: Fake, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(fake)
    lock = data / "claudetted.lock"
    lock.write_text(json.dumps(json.loads(lock.read_text()) | {"version": __version__}))
    data.chmod(0o711)
    main(["doctor", "--fix", "--json"])
    assert data.stat().st_mode & 0o777 == 0o700


def test_a_report_holds_nothing_of_the_users(
    fake: Fake,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve(fake)
    monkeypatch.setenv("HOME", str(tmp_path / "home/anna"))
    monkeypatch.setenv("MY_API_KEY", "hunter2hunter2")
    (data / "log").mkdir()
    (data / "log/claudetted.log").write_text(
        f"in {tmp_path}/home/anna/x with hunter2hunter2 for anna@example.org\n"
    )
    path = tmp_path / "report.txt"
    assert main(["bug-report", "--output", str(path)]) == exits.DONE
    text = path.read_text()
    assert "in ~/x with [redacted] for [address]" in text
    for secret in ("hunter2", "secret plan", "abc123def", "unguessable", "anna"):
        assert secret not in text
    assert " pi, idle" in text and "note     box" in text
    assert main(["bug-report", "--output", str(path)]) == exits.FAILED
    assert "exists" in capsys.readouterr().err
