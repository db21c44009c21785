"""The fold depends on the events alone, and survives being written down at any point."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from claudetted.chat.state.fold import ChatState, add_usage, fold
from claudetted.protocol import events as ev
from claudetted.protocol.base import ChatId, ItemId, PermissionId, SidecarId, TurnId
from claudetted.protocol.chats import Chat, Context, SidecarInfo, Status
from claudetted.protocol.items import CompactionInfo, Item, ToolCall
from claudetted.protocol.permissions import Permission, Resolution
from claudetted.protocol.queue import QueueEntry
from claudetted.protocol.turns import Turn, Usage
from tests.unit.chat.draft import request

CHAT = Chat(ChatId("c"), "/w", "/w", "", "pi", "standard", Status("idle"), "at0", "at0")

names = st.sampled_from(["a", "b", "c"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
tokens = st.integers(0, 10**6)
usages = st.builds(Usage, tokens, tokens, cost_usd=st.none() | st.integers(0, 99).map(float))
tools = st.builds(
    ToolCall,
    texts,
    st.sampled_from(["writing", "asking", "running"]),
    st.sampled_from([b"{}", '{"a":"é\u2028"}'.encode()]).map(msgspec.Raw),
)
items = st.builds(
    Item,
    names.map(ItemId),
    st.sampled_from(["message", "tool"]),
    st.sampled_from(["open", "done"]),
    text=texts,
    tool=st.none() | tools,
)
turns = st.builds(
    Turn,
    names.map(TurnId),
    st.just(CHAT.id),
    st.sampled_from(["running", "ended"]),
    usage=st.none() | usages,
)
entries = st.builds(QueueEntry, names.map(TurnId), texts, tokens, st.just("auto"), texts)
asked = st.builds(
    Permission,
    names.map(PermissionId),
    st.just(CHAT.id),
    names.map(ItemId),
    st.just(request()),
    texts,
)
whys = st.sampled_from(["permission", "ended", "failed"])
events = st.one_of(
    st.builds(
        ev.ChatConfigured, st.builds(lambda t: msgspec.structs.replace(CHAT, title=t), texts)
    ),
    st.builds(ev.ChatArchived, st.just("at")),
    st.just(ev.ChatRestored()),
    st.builds(ev.ChatReset, st.booleans()),
    st.builds(ev.StatusChanged, st.builds(Status, st.sampled_from(["idle", "running"]), texts)),
    st.builds(ev.TurnStarted, turns),
    st.builds(ev.TurnEnded, turns, st.sampled_from(["done", "lost"])),
    st.builds(ev.TurnSteered, turns),
    st.builds(ev.ItemAdded, items),
    st.builds(ev.ItemOpened, items),
    st.builds(ev.ItemChanged, items),
    st.builds(ev.ItemClosed, items),
    st.builds(ev.QueueChanged, st.lists(entries, max_size=3), st.booleans()),
    st.builds(ev.PermissionOpened, asked),
    st.builds(
        ev.PermissionResolved,
        names.map(PermissionId),
        st.builds(Resolution, st.just("deny"), texts),
    ),
    st.builds(ev.CompactionStarted, st.just("manual")),
    st.builds(ev.CompactionEnded, st.builds(CompactionInfo, st.just("manual"), tokens)),
    st.builds(ev.ContextChanged, st.builds(Context, st.none() | tokens, st.none() | tokens)),
    st.builds(ev.AttentionRaised, whys),
    st.builds(ev.AttentionCleared, whys),
    st.builds(ev.SidecarStarted, st.builds(SidecarInfo, names.map(SidecarId), st.just("pi"))),
    st.builds(ev.SidecarStopped, texts),
    st.builds(ev.SidecarLost, texts, st.lists(texts, max_size=2)),
)


def fold_all(told: list[ev.Event], state: ChatState | None = None) -> ChatState:
    start = state.seq if state else 0
    for seq, event in enumerate(told, start + 1):
        state = fold(state, seq, f"at{seq}", event)
    assert state
    return state


def written_down(state: ChatState) -> ChatState:
    return msgspec.json.decode(msgspec.json.encode(state), type=ChatState)


@settings(max_examples=150)
@given(st.lists(events, max_size=15), st.data())
def test_a_client_that_decodes_each_event_has_the_same_fold(
    told: list[ev.Event], data: st.DataObject
) -> None:
    """Also one that comes in the middle, with the state of then as it was written down."""
    told = [ev.ChatCreated(CHAT), *told]
    whole = fold_all(told)
    decoded = [ev.decode(ev.encode(event)) for event in told]
    assert fold_all(decoded) == whole
    cut = data.draw(st.integers(1, len(told)))
    assert fold_all(decoded[cut:], written_down(fold_all(told[:cut]))) == whole
    assert written_down(whole) == whole


@given(st.lists(events, max_size=15))
def test_what_is_counted_is_what_there_is(told: list[ev.Event]) -> None:
    state = fold_all([ev.ChatCreated(CHAT), *told])
    assert state.seq == len(told) + 1
    assert state.chat.updated_at == (f"at{state.seq}" if told else "at0")
    if told:
        assert state.chat.queue_length == len(state.queue)
        assert state.chat.open_permissions == len(state.permissions)


@given(st.lists(events, max_size=15), events)
def test_an_event_changes_no_state_that_was_there_before(
    told: list[ev.Event], last: ev.Event
) -> None:
    before = fold_all([ev.ChatCreated(CHAT), *told])
    kept = written_down(before)
    fold(before, before.seq + 1, "at", last)
    assert before == kept


def test_nothing_happens_to_a_chat_that_was_not_created() -> None:
    with pytest.raises(AssertionError, match="ChatRestored before chat/created"):
        fold(None, 1, "at", ev.ChatRestored())


@given(st.lists(usages))
def test_usage_is_summed_and_unknown_money_is_no_money(used: list[Usage]) -> None:
    total = Usage()
    for one in used:
        total = add_usage(total, one)
    known = [one.cost_usd for one in used if one.cost_usd is not None]
    assert (total.input, total.output) == (
        sum(one.input for one in used),
        sum(one.output for one in used),
    )
    assert total.cost_usd == (sum(known) if known else None)


def opened(*ids: str) -> list[Any]:
    return [ev.ItemOpened(Item(ItemId(item), "message", "open")) for item in ids]


def test_open_items_keep_the_order_in_which_they_were_opened() -> None:
    changed = ev.ItemChanged(Item(ItemId("a"), "message", "open", model="m"))
    closed = ev.ItemClosed(Item(ItemId("b"), "message", "done"))
    state = fold_all([ev.ChatCreated(CHAT), *opened("a", "b", "c"), changed, closed])
    assert list(state.open) == ["a", "c"]
    assert state.open[ItemId("a")].model == "m"


def test_attention_is_raised_once_for_a_reason_and_cleared_by_it() -> None:
    raised = [ev.AttentionRaised("permission"), ev.AttentionRaised("ended")]
    state = fold_all([ev.ChatCreated(CHAT), *raised, *raised])
    assert state.chat.attention == ["permission", "ended"]
    state = fold_all([ev.AttentionCleared("permission")], state)
    assert state.chat.attention == ["ended"]


@pytest.mark.parametrize("gone", [ev.SidecarStopped(), ev.SidecarLost("signal 9")])
def test_a_compaction_ends_with_its_sidecar(gone: ev.Event) -> None:
    started = ev.SidecarStarted(SidecarInfo(SidecarId("s"), "pi"))
    state = fold_all([ev.ChatCreated(CHAT), started, ev.CompactionStarted("manual")])
    assert state.compacting
    state = fold_all([gone], state)
    assert (state.compacting, state.sidecar) == (False, None)
