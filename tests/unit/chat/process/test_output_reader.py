"""What is heard depends on the lines alone: not on chunks, garbage, restarts, or their length."""

import copy
import logging
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from claudetted.chat.process.output_reader import Hearing
from claudetted.protocol import events as ev, sidecar as sc
from claudetted.protocol.base import SidecarId
from claudetted.protocol.items import INLINE_BYTES
from claudetted.sidecar import lines
from claudetted.sidecar.reports import Output
from tests.unit.chat.draft import Draft

GARBAGE = [
    b"",
    b"  ",
    b"\r",
    b"Hello from a library",
    b"{}",
    b'{"type":"nonsense","item":"a"}',
    b'{"type":"item.delta","item":"a"}',
    b'{"type":"item.delta","item":"nobody","text":"x"}',
    b'{"type":"item.delta","item":"a","text":"half a line',
    b'{"type":"item.delta","item":"a","text":"\xff"}',
    b'{"type":"item.delta","item":"a","text":"\\ud800"}',
    b'{"type":"item.open","item":"g","kind":"tool","tool":{"name":"t","input":"\xff"}}',
    b'{"type":"item.open","item":"z","kind":"poem"}',
    b'{"type":"reply","id":4711}',
    b'{"type":"turn.end","turn":"another","reason":"done"}',
    b"[" * 5_000,
    b'{"type":"notice","kind":"info","text":"x","more":' + b"[" * 5_000,
    b"\x00\xff\xfe",
]


def encode(line: Any) -> bytes:
    return msgspec.json.encode(line)


def in_parts(line: Any, size: int) -> list[bytes]:
    """A line as a sidecar sends it when it is long."""
    text = encode(line).decode()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return [encode(sc.Part(piece, last=piece is pieces[-1])) for piece in pieces]


class Listener:
    """A chat with a running turn that hears bytes, one output a step, as its actor does."""

    def __init__(self) -> None:
        self.draft = Draft()
        self.draft.running()
        self.before = len(self.draft.events)
        self.hearing = Hearing(0)
        self.sidecar = SidecarId(self.draft.agent.sidecar_id or "")
        self._stored = _kept(self.draft), 0

    def hear(self, data: bytes, offset: int | None = None) -> None:
        step = self.draft.step()
        heard = self.hearing.copy()
        start = self.hearing.read_to if offset is None else offset
        heard.hear(Output(self.sidecar, start, data), step)
        self.draft.take(step)
        self.hearing = heard
        if step.durable:
            self._stored = _kept(self.draft), heard.safe_offset

    def die(self) -> int:
        """The chat is what was stored of it; the offset from which the keeper tells again."""
        stored, offset = self._stored
        self.draft = _kept(stored)
        self.hearing = Hearing(offset)
        return offset

    def transcript(self) -> list[Any]:
        """What happened, without what is numbered, and without the status between steps."""
        return [
            _plain(event)
            for event in self.draft.events[self.before :]
            if not isinstance(event, ev.StatusChanged)
        ]

    def texts(self) -> dict[str, bytes]:
        return {item: self.draft.texts.get(item).whole() for item in self.draft.now.open}


def _kept(draft: Draft) -> Draft:
    """Its copy, which no later step of the other changes. What is in its lists never changes."""
    kept = copy.copy(draft)
    kept.agent, kept.texts, kept.prompts = copy.deepcopy((draft.agent, draft.texts, draft.prompts))
    kept.told, kept.writes = [*draft.told], [*draft.writes]
    return kept


def _plain(event: ev.Event) -> Any:
    built: dict[str, Any] = msgspec.to_builtins(event)
    for held in (built.get("item"), built.get("permission"), built.get("turn")):
        for name in ("id", "itemId", "turnId", "openedAt", "closedAt", "endedAt", "durationMs"):
            (held or {}).pop(name, None)
    built.pop("permissionId", None)
    return built


@st.composite
def speech(draw: st.DrawFn) -> list[bytes]:
    """Lines of a sidecar that speaks well, with garbage between, and long ones in parts."""
    found: list[bytes] = []
    names = draw(st.lists(st.sampled_from("abc"), unique=True, min_size=1))
    for name in names:
        found += _said(draw, sc.ItemOpen(name, "message"))
    for _ in range(draw(st.integers(0, 8))):
        text = draw(st.text("aé\u2028\n😀\x00", max_size=8))
        line = draw(
            st.sampled_from(
                [
                    sc.ItemDelta(draw(st.sampled_from(names)), text),
                    sc.Notice("info", text),
                    sc.ContextUsed(len(text), 100),
                    sc.Group(len(text), "a"),
                ]
            )
        )
        found += _said(draw, line)
    for name in draw(st.lists(st.sampled_from(names), unique=True)):
        found += _said(draw, sc.ItemClose(name))
    return found


def _said(draw: st.DrawFn, line: Any) -> list[bytes]:
    said = draw(st.lists(st.sampled_from(GARBAGE), max_size=1))
    size = draw(st.none() | st.integers(1, 40))
    return [*said, *([encode(line)] if size is None else in_parts(line, size))]


@st.composite
def chunks(draw: st.DrawFn, stream: bytes) -> list[bytes]:
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    return [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]


def heard(pieces: Iterable[bytes]) -> Listener:
    listener = Listener()
    for piece in pieces:
        listener.hear(piece)
    return listener


@settings(max_examples=60)
@given(st.data())
def test_the_cutting_of_the_output_makes_no_difference(data: st.DataObject) -> None:
    lines = data.draw(speech())
    stream = b"".join(line + b"\n" for line in lines)
    one_by_one = heard(line + b"\n" for line in lines)
    cut = heard(data.draw(chunks(stream)))
    assert cut.transcript() == one_by_one.transcript()
    assert sorted(cut.texts().values()) == sorted(one_by_one.texts().values())
    assert cut.hearing.safe_offset == cut.hearing.read_to == len(stream)


@settings(max_examples=60)
@given(st.data())
def test_every_line_is_heard_once_although_the_daemon_dies(data: st.DataObject) -> None:
    """After each death the output comes again from where the last stored step says."""
    stream = b"".join(line + b"\n" for line in data.draw(speech()))
    undisturbed = heard([stream])
    listener = Listener()
    for chunk in data.draw(chunks(stream)):
        listener.hear(chunk)
        if data.draw(st.booleans()):
            reached = listener.hearing.read_to
            offset = listener.die()
            listener.hear(stream[offset:reached])
    assert listener.transcript() == undisturbed.transcript()
    assert sorted(listener.texts().values()) == sorted(undisturbed.texts().values())


@settings(max_examples=60)
@given(st.data())
def test_what_needs_not_be_read_again_ends_with_a_whole_line(data: st.DataObject) -> None:
    lines = data.draw(speech())
    stream = b"".join(line + b"\n" for line in lines)
    listener = Listener()
    ends = {0}
    offset = 0
    for line in lines:
        offset += len(line) + 1
        of_a_part = b'"type":"part"' in line and b'"last":true' not in line
        if not of_a_part:
            ends.add(offset)
    for chunk in data.draw(chunks(stream)):
        listener.hear(chunk)
        safe = listener.hearing.safe_offset
        assert safe in ends
        assert safe == max(end for end in ends if end <= listener.hearing.read_to)


def test_a_long_line_after_others_in_one_output_is_read_again_and_they_are_not() -> None:
    first = encode(sc.ItemOpen("a", "message")) + b"\n" + encode(sc.ItemDelta("a", "one")) + b"\n"
    start, *rest = in_parts(sc.ItemClose("a", text="the whole"), 10)
    listener = heard([first + start + b"\n"])
    assert listener.hearing.safe_offset == len(first)
    assert listener.die() == len(first)
    listener.hear(b"".join(line + b"\n" for line in [start, *rest]))
    assert listener.draft.closed[-1].text == "the whole"


def test_a_line_between_the_parts_of_another_is_heard_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    start, *_ = in_parts(sc.Notice("info", "never whole"), 10)
    listener = heard([start + b"\n", encode(sc.Notice("info", "between")) + b"\n"])
    assert listener.hearing.safe_offset == listener.hearing.read_to
    assert [item.text for item in listener.draft.closed[1:]] == ["between"]
    assert "did not end a long line" in caplog.text


def test_a_line_of_3_mb_comes_in_parts_and_is_stored_once() -> None:
    text = "é\n" * (1024 * 1024)
    lines = [encode(sc.ItemOpen("a", "tool", sc.ToolInfo("bash")))]
    lines += in_parts(sc.ItemClose("a", text=text), 512 * 1024)
    assert len(lines) > 5
    listener = heard(line + b"\n" for line in lines)
    closed = listener.draft.closed[-1]
    assert (closed.text_bytes, closed.cut) == (3 * 1024 * 1024, True)
    assert len(closed.text.encode()) <= INLINE_BYTES
    assert text.startswith(closed.text)
    (payload,) = listener.draft.writes[-1].payloads
    assert payload == (closed.id, "text", text.encode())


def test_garbage_is_told_in_the_log_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    listener = Listener()
    before = listener.draft.now
    for garbage in GARBAGE:
        listener.hear(garbage + b"\n")
        assert listener.draft.now == before
    assert listener.hearing.safe_offset == sum(len(garbage) + 1 for garbage in GARBAGE)
    told = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == sum(1 for garbage in GARBAGE if garbage.strip())


def test_good_lines_around_garbage_are_heard() -> None:
    good = [encode(sc.Notice("info", str(n))) for n in range(len(GARBAGE))]
    lines = [line for pair in zip(good, GARBAGE, strict=True) for line in pair]
    listener = heard([b"".join(line + b"\n" for line in lines)])
    notices = [item.text for item in listener.draft.closed if item.kind == "notice"]
    assert notices == [str(n) for n in range(len(GARBAGE))]


def test_what_was_read_before_is_skipped() -> None:
    line = encode(sc.Notice("info", "once")) + b"\n"
    listener = heard([line])
    listener.hear(line + line, offset=0)
    listener.hear(line, offset=len(line))
    assert [item.text for item in listener.draft.closed[1:]] == ["once", "once"]
    assert listener.hearing.read_to == 2 * len(line)


def test_a_plan_that_is_dropped_leaves_the_hearing_as_it_was() -> None:
    listener = heard([b'{"type":"not'])
    twin = listener.hearing.copy()
    rest = b'ice","kind":"info","text":"x"}\n'
    twin.hear(Output(listener.sidecar, twin.read_to, rest), listener.draft.step())
    assert (listener.hearing.read_to, listener.hearing.safe_offset) == (12, 0)
    listener.hear(rest)
    assert listener.draft.closed[-1].text == "x"


@pytest.mark.parametrize("parts", [False, True], ids=["one line", "parts"])
def test_a_line_that_does_not_end_ends_the_agent(
    parts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "PARTS_LIMIT" if parts else "LINE_LIMIT"
    monkeypatch.setattr(lines, limit, 5000)
    listener = Listener()
    piece = encode(sc.Part("x" * 400)) + b"\n" if parts else b"x" * 500
    while listener.hearing.read_to + len(piece) <= 5000:
        listener.hear(piece)
        assert listener.draft.agent.stage == "ready"
    listener.hear(piece)
    assert listener.draft.agent.stage == "ending"
    assert listener.draft.last.effects.end_sidecar
    turn = listener.draft.now.turn
    assert turn
    assert (turn.state, turn.reason) == ("ended", "failed")
    assert "does not end" in turn.error
    told = len(listener.draft.events)
    listener.hear(piece)
    assert len(listener.draft.events) == told
