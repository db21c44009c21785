"""Owns the handlers of subscriptions: a snapshot and the tail, or the events after a cursor."""

from functools import partial

import trio
from msgspec.structs import replace

from claudetted.chat import frames
from claudetted.chat.actor import Actor
from claudetted.chat.hub import Subscription
from claudetted.chat.manager import decode_state
from claudetted.chat.state import ChatState
from claudetted.chat.step import Step, deleted
from claudetted.chat.watching import balance_frame
from claudetted.protocol import chats, errors, events
from claudetted.protocol.base import ChatId, Empty
from claudetted.protocol.items import Item
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.rpc.methods import questions
from claudetted.rpc.methods.chats import history_page
from claudetted.rpc.methods.permissions import open_everywhere
from claudetted.store import journal, transcripts

_SNAPSHOT_ITEMS = 50
_PAGE = 200


async def subscribe(
    desk: Desk, caller: Caller, params: events.SubscribeParams
) -> events.SubscribeResult:
    if params.all:
        return await _follow_all(desk, caller)
    if params.chat_id is None:
        raise errors.InvalidParams("Name a chat, or ask for all.", path="$.chatId")
    actor = await desk.manager.find(params.chat_id)
    _leave(caller, params.chat_id)
    if desk.audience.is_served(actor.state.chat):
        caller.after_reply.append(partial(_tell_balance, desk, caller))
    if params.after is not None:
        position, note = _place(desk, actor, params.after)
        if position is not None:
            chat_id = actor.chat_id
            caller.after_reply.append(partial(_catch_up_soon, desk, caller, chat_id, position))
            return events.SubscribeResult(resumed=True)
        return await _from_snapshot(desk, caller, actor, note)
    return await _from_snapshot(desk, caller, actor, "")


async def unsubscribe(desk: Desk, caller: Caller, params: events.UnsubscribeParams) -> Empty:
    if params.all and caller.client.follower:
        caller.client.follower.close()
        caller.client.follower = None
    elif params.chat_id is None or not _leave(caller, params.chat_id):
        raise errors.SubscriptionNotFound("This connection has no such subscription.")
    return Empty()


def _tell_balance(desk: Desk, caller: Caller) -> None:
    """As far as it is known; else it is asked for, if it concerns anybody."""
    if desk.credits.known:
        caller.client.outbox.put(balance_frame(desk.credits.known))
    else:
        desk.credits.look_soon()


async def _follow_all(desk: Desk, caller: Caller) -> events.SubscribeResult:
    if caller.client.follower is None:
        caller.client.follower = desk.manager.world.feed.add(caller.client.outbox)
        caller.after_reply.append(caller.client.follower.release)
    caller.after_reply.append(partial(_tell_balance, desk, caller))
    rows = await desk.database.read(transcripts.chats_in_need)
    found = [decode_state(row).chat for row in rows]
    return events.SubscribeResult(
        chats=found,
        permissions=await open_everywhere(desk),
        questions=await questions.open_everywhere(desk),
    )


async def _from_snapshot(
    desk: Desk, caller: Caller, actor: Actor, note: str
) -> events.SubscribeResult:
    """State and texts are taken in the chat's task; its tail is held until the reply is out."""

    def plan(step: Step) -> tuple[Subscription, ChatState, list[Item], int]:
        subscription = caller.client.keep(actor.subscribe(caller.client.outbox))
        return subscription, step.state, _open_items(actor, step.state), step.item_count

    subscription, state, opened, count = await actor.ask(plan)
    caller.after_reply.append(subscription.release)
    page = await history_page(desk, actor.chat_id, count + 1, _SNAPSHOT_ITEMS)
    snapshot = chats.Snapshot(
        state.chat,
        state.seq,
        f"{desk.database.journal_id}.{state.seq}",
        turn=state.turn,
        items=[item for item in page.items if item.id not in state.open],
        history=page.cursor,
        open=opened,
        permissions=list(state.permissions.values()),
        questions=list(state.questions.values()),
        queue=state.queue,
        queue_paused=state.queue_paused,
        sidecar=state.sidecar,
    )
    return events.SubscribeResult(snapshot=snapshot, note=note)


def _open_items(actor: Actor, state: ChatState) -> list[Item]:
    """Open items with their text so far, whole: deltas go on from its end."""
    items = []
    for item in state.open.values():
        text = actor.texts.get(item.id).whole()
        items.append(replace(item, text=text.decode(), text_bytes=len(text)))
    return items


def _place(desk: Desk, actor: Actor, cursor: str) -> tuple[int | None, str]:
    """The event a cursor stands after, or why it cannot serve."""
    journal_id, _, number = cursor.partition(".")
    if journal_id != desk.database.journal_id:
        return None, "The cursor is of another journal; this is a fresh snapshot."
    if not number.isdigit() or int(number) > actor.state.seq:
        return None, "The cursor is beyond the end; this is a fresh snapshot."
    return int(number), ""


def _catch_up_soon(desk: Desk, caller: Caller, chat_id: ChatId, position: int) -> None:
    scope = trio.CancelScope()
    caller.client.catching_up[chat_id] = scope
    caller.client.nursery.start_soon(_catch_up, desk, caller, chat_id, position, scope)


async def _catch_up(
    desk: Desk, caller: Caller, chat_id: ChatId, position: int, scope: trio.CancelScope
) -> None:
    """Old events at the client's pace, from disk; then, when none is missing, the tail."""
    outbox = caller.client.outbox
    with scope:
        try:
            while not await _joined(desk, caller, chat_id, position, scope):
                query = partial(journal.events_after, chat_id=chat_id, seq=position, limit=_PAGE)
                for seq, at, body in await desk.database.read(query):
                    outbox.put(frames.event_frame(chat_id, seq, at, body), (chat_id, seq))
                    position = seq
                    if outbox.lagging:
                        await outbox.drained()
                await outbox.drained()
        except errors.ChatNotFound:
            last = deleted(position + 1)
            outbox.put(frames.event_frame(chat_id, last.seq, last.at, last.body))
        if caller.client.catching_up.get(chat_id) is scope:
            del caller.client.catching_up[chat_id]


async def _joined(
    desk: Desk, caller: Caller, chat_id: ChatId, position: int, scope: trio.CancelScope
) -> bool:
    """A slow client may outlast the chat's actor, so it is found anew."""
    actor = await desk.manager.find(chat_id)
    return await actor.ask(partial(_join, caller, actor, position, scope))


def _join(caller: Caller, actor: Actor, position: int, scope: trio.CancelScope, step: Step) -> bool:
    """In the chat's task: joins the tail if nothing happened since `position`.

    The client may have unsubscribed since this was asked.
    """
    if scope.cancel_called:
        return True
    if step.state.seq != position:
        return False
    subscription = caller.client.keep(actor.subscribe(caller.client.outbox))
    for item in step.state.open.values():
        text = actor.texts.get(item.id).whole().decode()
        frame = frames.delta_frame(actor.chat_id, item.id, 0, text)
        caller.client.outbox.put(frame, (actor.chat_id, position))
    subscription.release()
    return True


def _leave(caller: Caller, chat_id: ChatId) -> bool:
    subscription = caller.client.subscriptions.pop(chat_id, None)
    scope = caller.client.catching_up.pop(chat_id, None)
    if subscription:
        subscription.close()
    if scope:
        scope.cancel()
        caller.client.outbox.unmark(chat_id)
    return bool(subscription or scope)
