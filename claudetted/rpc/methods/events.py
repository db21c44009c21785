"""Owns the handlers of subscriptions: a snapshot and the tail, or the events after a cursor."""

import re
from functools import partial

import trio
from msgspec.structs import replace

from claudetted.chat import configuration
from claudetted.chat.actor import Actor
from claudetted.chat.audience import frames
from claudetted.chat.audience.hub import Subscription
from claudetted.chat.audience.model_watchers import balance_frame
from claudetted.chat.manager import decode_state
from claudetted.chat.state.fold import ChatState
from claudetted.chat.step import Step, deleted
from claudetted.protocol import chats, errors, events
from claudetted.protocol.base import ChatId, Empty
from claudetted.protocol.items import Item
from claudetted.rpc.caller import Caller
from claudetted.rpc.methods.chats import history_page
from claudetted.rpc.methods.permissions import open_everywhere
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases import environment, questions
from claudetted.store import journal, transcripts

_SNAPSHOT_ITEMS = 50
_PAGE = 200
_NUMBER = re.compile("[0-9]{1,18}")


async def subscribe(
    services: Services, caller: Caller, params: events.SubscribeParams
) -> events.SubscribeResult:
    if params.all:
        return await _follow_all(services, caller)
    if params.chat_id is None:
        raise errors.InvalidParams("Name a chat, or ask for all.", path="$.chatId")
    actor = await services.manager.find(params.chat_id)
    _leave(caller, params.chat_id)
    if params.env:
        await environment.carry(services, caller, actor, params.env)
    await configuration.show_default(services.manager, actor)
    if services.audience.is_served(actor.state.chat):
        caller.after_reply.append(partial(_tell_balance, services, caller))
    if params.after is not None:
        position, note = _place(services, actor, params.after)
        if position is not None:
            chat_id = actor.chat_id
            caller.after_reply.append(partial(_catch_up_soon, services, caller, chat_id, position))
            return events.SubscribeResult(resumed=True)
        return await _from_snapshot(services, caller, actor, note)
    return await _from_snapshot(services, caller, actor, "")


async def unsubscribe(
    services: Services, caller: Caller, params: events.UnsubscribeParams
) -> Empty:
    if params.all and caller.client.follower:
        caller.client.follower.close()
        caller.client.follower = None
    elif params.chat_id is None or not _leave(caller, params.chat_id):
        raise errors.SubscriptionNotFound("This connection has no such subscription.")
    return Empty()


def _tell_balance(services: Services, caller: Caller) -> None:
    """As far as it is known; else it is asked for, if it concerns anybody."""
    if services.credits.known:
        caller.client.outbox.put(balance_frame(services.credits.known))
    else:
        services.credits.look_soon()


async def _follow_all(services: Services, caller: Caller) -> events.SubscribeResult:
    if caller.client.follower is None:
        caller.client.follower = services.manager.world.feed.add(caller.client.outbox)
        caller.after_reply.append(caller.client.follower.release)
    caller.after_reply.append(partial(_tell_balance, services, caller))
    rows = await services.database.read(transcripts.chats_in_need)
    found = [decode_state(row).chat for row in rows]
    return events.SubscribeResult(
        chats=found,
        permissions=await open_everywhere(services),
        questions=await questions.open_everywhere(services),
    )


async def _from_snapshot(
    services: Services, caller: Caller, actor: Actor, note: str
) -> events.SubscribeResult:
    """State and texts are taken in the chat's task; its tail is held until the reply is out."""

    def plan(step: Step) -> tuple[Subscription, ChatState, list[Item], int]:
        subscription = caller.client.keep(actor.subscribe(caller.client.outbox))
        return subscription, step.state, _open_items(actor, step.state), step.item_count

    subscription, state, opened, count = await actor.ask(plan)
    caller.after_reply.append(subscription.release)
    page = await history_page(services, actor.chat_id, count + 1, _SNAPSHOT_ITEMS)
    snapshot = chats.Snapshot(
        state.chat,
        state.seq,
        f"{services.database.journal_id}.{state.seq}",
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


def _place(services: Services, actor: Actor, cursor: str) -> tuple[int | None, str]:
    """The event a cursor stands after, or why it cannot serve."""
    journal_id, _, number = cursor.partition(".")
    if journal_id != services.database.journal_id:
        return None, "The cursor is of another journal; this is a fresh snapshot."
    if not _NUMBER.fullmatch(number) or int(number) > actor.state.seq:
        return None, "The cursor is beyond the end; this is a fresh snapshot."
    return int(number), ""


def _catch_up_soon(services: Services, caller: Caller, chat_id: ChatId, position: int) -> None:
    scope = trio.CancelScope()
    caller.client.catching_up[chat_id] = scope
    caller.client.nursery.start_soon(_catch_up, services, caller, chat_id, position, scope)


async def _catch_up(
    services: Services, caller: Caller, chat_id: ChatId, position: int, scope: trio.CancelScope
) -> None:
    """Old events at the client's pace, from disk; then, when none is missing, the tail."""
    outbox = caller.client.outbox
    with scope:
        try:
            while not await _joined(services, caller, chat_id, position, scope):
                query = partial(journal.events_after, chat_id=chat_id, seq=position, limit=_PAGE)
                rows = await services.database.read(query)
                # A read goes on when it is cancelled, and the client may have left meanwhile.
                await trio.lowlevel.checkpoint_if_cancelled()
                for seq, at, body in rows:
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
    services: Services, caller: Caller, chat_id: ChatId, position: int, scope: trio.CancelScope
) -> bool:
    """A slow client may outlast the chat's actor, so it is found anew."""
    actor = await services.manager.find(chat_id)
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
