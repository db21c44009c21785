"""A turn: items in order, one end, whatever the model and its provider do."""

import pytest

from claudetted.protocol import sidecar as sc
from tests.contract.conftest import Kind
from tests.contract.driver import Refused, Sidecar


def ends(sidecar: Sidecar) -> list[str]:
    return [line.turn for line in sidecar.all(sc.TurnEnd)]


def test_a_prompt_is_answered_and_the_turn_ends_once(sidecar: Sidecar) -> None:
    end = sidecar.turn("@text Hello there. @usage 120 7")
    assert (end.reason, end.error) == ("done", "")
    assert end.usage and (end.usage.input, end.usage.output) == (120, 7)
    assert sidecar.texts() == ["Hello there."]
    sidecar.turn("@text again", "T2")
    assert ends(sidecar) == ["T1", "T2"]


def test_an_item_is_opened_grows_and_is_closed_before_the_turn_ends(sidecar: Sidecar) -> None:
    end = sidecar.turn("@text one two three")
    (opened,) = sidecar.opened("message")
    about = [line for line in sidecar.lines if getattr(line, "item", "") == opened.item]
    assert [type(line) for line in (about[0], about[-1])] == [sc.ItemOpen, sc.ItemClose]
    assert all(isinstance(line, sc.ItemDelta) for line in about[1:-1])
    assert sidecar.index(about[-1]) < sidecar.index(end)
    assert opened.model == "fake/small"


def test_the_prompt_is_acknowledged_while_the_turn_runs(sidecar: Sidecar, kind: Kind) -> None:
    sidecar.prompt("@text before @hold door")
    kind.doors.wait_held("door")
    assert ends(sidecar) == []
    kind.doors.release("door")
    assert sidecar.end().reason == "done"


def test_text_streams_before_the_turn_ends(sidecar: Sidecar, kind: Kind) -> None:
    sidecar.prompt("@text before @hold door @text after")
    sidecar.next(sc.ItemDelta)
    assert ends(sidecar) == []
    kind.doors.release("door")
    sidecar.end()
    assert sidecar.texts() == ["beforeafter"]


def test_thinking_is_an_item_of_its_own(sidecar: Sidecar) -> None:
    sidecar.turn("@think let me see @text it is so")
    assert sidecar.texts("reasoning") == ["let me see"]
    assert sidecar.texts("message") == ["it is so"]
    assert sidecar.opened("reasoning")[0].item != sidecar.opened("message")[0].item


def test_two_messages_of_the_agent_keep_their_boundary(sidecar: Sidecar) -> None:
    end = sidecar.turn("@text First. @tool ls {} @then @text Second.")
    assert sidecar.texts() == ["First.", "Second."]
    assert ends(sidecar) == [end.turn]


def test_text_arrives_unharmed(sidecar: Sidecar) -> None:
    text = 'naïve \u2028 and \u2029, \u0085 日本 🎉👩‍👩‍👧 \\ " end'
    sidecar.turn(f"@text {text}")
    assert sidecar.texts() == [text]


def test_the_model_gets_the_prompt_unharmed(sidecar: Sidecar) -> None:
    prompt = "Say\u2028it: 日本 🎉 / not a command\n\n  indented"
    sidecar.turn(prompt)
    assert sidecar.texts() == [f"You said: {prompt}"]


def test_a_prompt_that_looks_like_a_command_of_the_agent_is_a_prompt(sidecar: Sidecar) -> None:
    sidecar.turn("/compact is a word")
    assert sidecar.texts() == ["You said: /compact is a word"]


@pytest.mark.needs("long_prompts")
@pytest.mark.fresh
def test_a_prompt_of_five_megabytes_is_taken(sidecar: Sidecar) -> None:
    sidecar.ask_for(sc.Configure(sidecar.id(), model="fake/large"))
    end = sidecar.turn("padding " * 655_360 + "\n@text taken")
    assert end.reason == "done"
    assert sidecar.texts() == ["taken"]


@pytest.mark.fresh
def test_thousands_of_deltas_are_all_there(sidecar: Sidecar) -> None:
    sidecar.turn("@many 5000")
    assert sidecar.texts() == ["x" * 5000]


@pytest.mark.fresh
def test_a_note_reaches_the_model_beside_the_prompt(sidecar: Sidecar) -> None:
    sidecar.prompt("@echo-history", note="The last call was lost.")
    sidecar.end()
    assert "The last call was lost." in sidecar.texts()[0]


def test_the_context_is_told_at_the_end_of_a_turn(sidecar: Sidecar) -> None:
    sidecar.turn("@text ok @usage 1000 10")
    context = sidecar.next(sc.ContextUsed)
    assert context.window == 40_000
    assert context.used is not None and context.used >= 1000


@pytest.mark.needs("words_of_refusals")
def test_an_error_of_the_provider_is_one_plain_sentence(sidecar: Sidecar) -> None:
    end = sidecar.turn("@error 401 This key is not valid")
    assert end.reason == "failed"
    assert end.error.startswith("This key is not valid")
    assert "401" in end.error
    assert not set(end.error) & set("{}\n")
    assert ends(sidecar) == ["T1"]


def test_after_a_failed_turn_the_next_one_works(sidecar: Sidecar) -> None:
    sidecar.turn("@error 401 This key is not valid")
    assert sidecar.turn("@text better", "T2").reason == "done"
    assert sidecar.texts()[-1] == "better"


def test_a_failed_turn_tells_nothing_of_the_context(sidecar: Sidecar) -> None:
    sidecar.turn("@text ok @usage 1000 10")
    begin = len(sidecar.lines)
    sidecar.turn("@error 401 This key is not valid", "T2")
    assert not any(isinstance(line, sc.ContextUsed) for line in sidecar.lines[begin:])


@pytest.mark.needs("retries")
def test_what_a_failed_attempt_said_is_withdrawn(sidecar: Sidecar, kind: Kind) -> None:
    sidecar.prompt("@text half @hold cut @midstream @text whole")
    sidecar.next(sc.ItemDelta)
    kind.doors.release("cut")
    end = sidecar.end()
    first, second = sidecar.opened("message")
    assert sidecar.closed(first.item).status == "discarded"
    assert sidecar.closed(second.item).status == "done"
    assert sidecar.texts() == ["halfwhole"]
    assert (end.reason, ends(sidecar)) == ("done", ["T1"])


@pytest.mark.needs("retries")
def test_a_retry_is_told_in_a_notice_and_stays_in_the_turn(sidecar: Sidecar) -> None:
    end = sidecar.turn("@error-once 503 Too many guests @text served")
    notice = sidecar.next(sc.Notice)
    assert notice.kind == "retry"
    assert "503" in notice.text
    assert sidecar.texts() == ["served"]
    assert (end.reason, ends(sidecar)) == ("done", ["T1"])


def test_a_prompt_while_a_turn_runs_is_refused_and_harms_nothing(
    sidecar: Sidecar, kind: Kind
) -> None:
    sidecar.prompt("@text before @hold door @text after")
    kind.doors.wait_held("door")
    with pytest.raises(Refused) as refused:
        sidecar.prompt("@text too early", "T2")
    assert refused.value.error.name == "ChatBusy"
    kind.doors.release("door")
    assert sidecar.end().reason == "done"
    assert sidecar.texts() == ["beforeafter"]
    assert ends(sidecar) == ["T1"]


def test_names_are_never_used_twice(sidecar: Sidecar) -> None:
    for number in range(3):
        sidecar.turn("@think a @text b @tool ls {} @then @text c", f"T{number}")
    items = [line.item for line in sidecar.all(sc.ItemOpen)]
    asks = [line.ask for line in sidecar.all(sc.Ask)]
    assert len(items) == len(set(items)) == 12
    assert len(asks) == len(set(asks)) == 3
    assert {line.item for line in sidecar.all(sc.ItemClose)} == set(items)


def test_the_daemon_may_not_be_understood_and_the_sidecar_lives(sidecar: Sidecar) -> None:
    assert sidecar.process.stdin
    sidecar.process.stdin.write(b'\n{"type":"a.line.of.the.future","id":900}\n')
    sidecar.process.stdin.flush()
    with pytest.raises(Refused):
        sidecar.reply(900)
    assert sidecar.turn("@text ok").reason == "done"
