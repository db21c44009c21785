"""A compaction is told with both its ends, whoever asked for it and however it ends."""

import pytest

from claudetted.protocol import sidecar as sc
from tests.contract.conftest import Kind
from tests.contract.driver import Refused, Sidecar

pytestmark = [pytest.mark.needs("compact"), pytest.mark.fresh]

STORY = "Once upon a time there was a daemon that forgot nothing at all. " * 40


@pytest.fixture
def talked(sidecar: Sidecar) -> Sidecar:
    """One with enough said to be worth a summary."""
    for number in range(3):
        sidecar.turn(f"@text {STORY}", f"T{number}")
    return sidecar


def test_a_compaction_that_is_asked_for(talked: Sidecar) -> None:
    request = talked.id()
    talked.ask_for(sc.Compact(request))
    start, end = talked.next(sc.CompactionStart), talked.next(sc.CompactionEnd)
    assert (start.trigger, end.trigger, end.ok) == ("manual", "manual", True)
    assert end.before and end.after is not None and end.after < end.before
    assert talked.index(start) < talked.index(end) < talked.index(talked.lines[-1])
    assert talked.turn("@text still here", "T9").reason == "done"


@pytest.mark.needs("summary_words")
def test_nothing_to_compact_is_an_error_with_both_ends(sidecar: Sidecar) -> None:
    with pytest.raises(Refused) as refused:
        sidecar.ask_for(sc.Compact(sidecar.id()))
    assert refused.value.error.name == "NothingToCompact"
    assert sidecar.next(sc.CompactionEnd).ok is False
    assert len(sidecar.all(sc.CompactionStart)) == 1
    assert sidecar.turn("@text ok").reason == "done"


@pytest.mark.needs("summary_words")
def test_an_abort_ends_a_compaction(talked: Sidecar, kind: Kind) -> None:
    request = talked.id()
    talked.send(sc.Compact(request, "@hold summary"))
    kind.doors.wait_held("summary")
    talked.abort()
    end = talked.next(sc.CompactionEnd)
    assert (end.ok, end.trigger) == (False, "manual")
    with pytest.raises(Refused):
        talked.reply(request)
    assert talked.turn("@text ok", "T9").reason == "done"


@pytest.mark.needs("summary_words")
def test_a_prompt_during_a_compaction_is_refused(talked: Sidecar, kind: Kind) -> None:
    request = talked.id()
    talked.send(sc.Compact(request, "@hold summary @text All of it, short."))
    kind.doors.wait_held("summary")
    with pytest.raises(Refused) as refused:
        talked.prompt("@text too early", "T9")
    assert refused.value.error.name == "ChatBusy"
    kind.doors.release("summary")
    talked.reply(request)
    assert talked.next(sc.CompactionEnd).ok is True


@pytest.mark.needs("overflow")
def test_an_overflow_compacts_and_the_turn_goes_on(talked: Sidecar) -> None:
    begin = len(talked.lines)
    end = talked.turn("@overflow @text fits now", "T9")
    assert (end.reason, talked.texts(after=begin)) == ("done", ["fits now"])
    compacted = talked.next(sc.CompactionEnd)
    assert (compacted.trigger, compacted.ok) == ("overflow", True)
    assert talked.index(compacted) < talked.index(end)
    assert [line.turn for line in talked.all(sc.TurnEnd)].count("T9") == 1
