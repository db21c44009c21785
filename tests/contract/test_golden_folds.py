"""The golden fold cases: what a client must show after a snapshot and the lines that follow.

Each file of `tests/golden/folds/` is one case, for a client in any language. `lines` are read in
order: notifications as they come, `subscribed` the answer to a new subscription, `item/get` the
answer to a text that was read again. In `shown`, what is not named is empty, false or null, and
structures hold at least what is named.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from claudette_cli.client.fold import Fold
from claudetted.chat.state import fold as daemon
from claudetted.protocol import events as ev
from claudetted.protocol.chats import Snapshot
from tests.support import neovim

Json = dict[str, Any]

HERE = Path(__file__).parent
CASES = sorted((HERE.parent / "golden/folds").glob("*.json"))
_NOT_FOLDED_BY_THE_DAEMON = {"cursor", "items", "deleted", "reread"}
"""It keeps items and texts beside its state, and no cursor; a deleted chat has no state."""


def case_of(path: Path) -> Json:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def by_the_client(case: Json) -> Json:
    fold = Fold()
    fold.snapshot(case["subscribed"])
    for line in case["lines"]:
        if "subscribed" in line:
            fold.snapshot(line["subscribed"])
        elif line["method"] == "event":
            fold.event(line["params"])
        elif line["method"] == "delta":
            fold.delta(line["params"])
        elif line["method"] == "item/get":
            read = line["result"]
            fold.fill(read["item"]["id"], read["offset"], read["text"])
    return {
        "cursor": fold.cursor,
        "chat": fold.chat,
        "turn": fold.turn,
        "items": fold.items,
        "open": list(fold.open.values()),
        "permissions": list(fold.permissions),
        "questions": list(fold.questions),
        "queue": [entry["turnId"] for entry in fold.queue],
        "queuePaused": fold.queue_paused,
        "sidecar": fold.sidecar and fold.sidecar["id"],
        "compacting": fold.compacting,
        "deleted": fold.deleted,
        "reread": sorted(fold.gaps),
    }


def by_the_daemon(case: Json) -> Json:
    state = _state(case["subscribed"]["snapshot"])
    for line in case["lines"]:
        if told := line.get("subscribed", {}).get("snapshot"):
            state = _state(told)
        params = line.get("params", {})
        if line.get("method") != "event" or params["seq"] <= state.seq:
            continue
        event = msgspec.convert(params["event"], ev.Event)
        state = daemon.fold(state, params["seq"], params["at"], event)
    known: Json = msgspec.to_builtins(state)
    return {
        "chat": msgspec.to_builtins(state.chat) | {"attention": state.chat.attention},
        "turn": known.get("turn"),
        "open": list(known.get("open", {}).values()),
        "permissions": list(state.permissions),
        "questions": list(state.questions),
        "queue": [entry.turn_id for entry in state.queue],
        "queuePaused": state.queue_paused,
        "sidecar": state.sidecar.id if state.sidecar else None,
        "compacting": state.compacting,
    }


def _state(told: Json) -> daemon.ChatState:
    snapshot = msgspec.convert(told, Snapshot)
    return daemon.ChatState(
        snapshot.chat,
        snapshot.seq,
        snapshot.turn,
        {item.id: item for item in snapshot.open},
        {asked.id: asked for asked in snapshot.permissions},
        {asked.id: asked for asked in snapshot.questions},
        snapshot.queue,
        snapshot.queue_paused,
        snapshot.sidecar,
    )


def holds(seen: Any, wanted: Any) -> bool:
    """Whether all that is wanted is seen; absent fields are their defaults, lists are whole."""
    if isinstance(wanted, dict):
        return all(holds((seen or {}).get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        seen = seen or []
        return len(seen) == len(wanted) and all(map(holds, seen, wanted))
    return bool((seen or None) == (wanted or None))


def check(seen: Json, shown: Json) -> None:
    for part, value in seen.items():
        if part == "chat":
            assert holds(value, shown.get("chat", {})), (part, value)
        elif part in shown:
            assert holds(value, shown[part]), (part, value)
        else:
            assert not value, (part, value)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_client_shows_it(path: Path) -> None:
    case = case_of(path)
    assert "cursor" in case["shown"]
    check(by_the_client(case), case["shown"])


@pytest.mark.parametrize(
    "path", [path for path in CASES if path.stem != "unknown"], ids=lambda path: path.stem
)
def test_the_daemon_holds_the_same(path: Path) -> None:
    case = case_of(path)
    shown = {
        part: value
        for part, value in case["shown"].items()
        if part not in _NOT_FOLDED_BY_THE_DAEMON
    }
    if "open" in shown:
        shown["open"] = [_without_text(item) for item in shown["open"]]
    check(by_the_daemon(case), shown)


@pytest.fixture(scope="module")
def in_neovim() -> dict[str, Json]:
    """What the plugin's fold shows of every case, from one Neovim."""
    words = [str(neovim.program()), "--clean", "--headless", "-n"]
    words += ["--cmd", f"set runtimepath^={neovim.PLUGIN}", "-c", f"luafile {HERE / 'fold.lua'}"]
    ended = subprocess.run([*words, *map(str, CASES)], capture_output=True, text=True, check=True)
    lines = ended.stdout.splitlines()
    assert len(lines) == len(CASES), ended.stderr
    return {path.stem: json.loads(line) for path, line in zip(CASES, lines, strict=True)}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_plugin_for_neovim_shows_it(path: Path, in_neovim: dict[str, Json]) -> None:
    shown = in_neovim[path.stem]
    for part in ("permissions", "questions"):
        shown[part] = sorted(shown[part])
    check(shown, case_of(path)["shown"])


def test_there_are_cases() -> None:
    assert len(CASES) >= 12


def _without_text(item: Json) -> Json:
    return {key: value for key, value in item.items() if key != "text"}
