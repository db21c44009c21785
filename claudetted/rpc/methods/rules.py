"""Owns the handlers of rules."""

import os
from functools import partial

import msgspec
import trio
from msgspec.structs import replace

from claudetted.chat import ids
from claudetted.chat.rulebook import row_of
from claudetted.chat.world import World
from claudetted.permissions.places import Places
from claudetted.permissions.rules import RuleError, built_in, parse
from claudetted.protocol import errors, places, rules
from claudetted.protocol.base import Empty
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.rpc.storing import stored
from claudetted.store import rules as rows


async def list_(services: Services, caller: Caller, params: rules.ListParams) -> rules.ListResult:
    world = services.manager.world
    if params.chat_id is None:
        fixed = built_in(_known(world, ""), str(places.chat_dir("*")))
        return rules.ListResult([*world.rulebook.rules, *fixed])
    actor = await services.manager.find(params.chat_id)
    chat, running = actor.state.chat, actor.state.running
    in_force = world.rulebook.in_force(chat.id, running.id if running else None, chat.workspace)
    fixed = built_in(_known(world, chat.workspace), str(places.chat_dir(chat.id)))
    return rules.ListResult([*in_force, *fixed])


def _known(world: World, workspace: str) -> Places:
    """With the commands that only read, where a box holds them."""
    on = bool(world.rulebook.setting("reading_commands", workspace))
    return msgspec.structs.replace(world.places, reads_unasked=world.box.works and on)


async def add(services: Services, caller: Caller, params: rules.AddParams) -> rules.AddResult:
    caller.client.peer.require_allowing("Adding a rule")
    try:
        parsed = parse(params.text)
    except RuleError as error:
        raise errors.RuleInvalid(str(error), text=params.text) from None
    rule = replace(
        parsed,
        id=rules.RuleId(ids.new_id()),
        scope=params.scope,
        subject=await _subject(services, params),
        by=caller.client.who,
        at=ids.now(),
    )
    row = row_of(rule)
    await stored(
        services,
        partial(rows.add, rule_id=row.id, scope=row.scope, subject=row.subject, body=row.body),
    )
    services.manager.world.rulebook.add(rule)
    return rules.AddResult(rule)


async def remove(services: Services, caller: Caller, params: rules.RemoveParams) -> Empty:
    caller.client.peer.require_allowing("Removing a rule")
    book = services.manager.world.rulebook
    if params.rule_id not in {rule.id for rule in book.rules}:
        raise errors.RuleNotFound(
            f"There is no rule {params.rule_id} that could be removed.", rule_id=params.rule_id
        )
    await stored(services, partial(rows.remove, rule_id=params.rule_id))
    book.remove(params.rule_id)
    return Empty()


async def _subject(services: Services, params: rules.AddParams) -> str:
    """Which turn, chat or workspace the scope means."""
    if params.scope == "user":
        return ""
    if params.scope == "workspace" and params.workspace:
        if "\0" in params.workspace:
            raise errors.InvalidParams("A directory name cannot contain a NUL.", path="$.workspace")
        return await trio.to_thread.run_sync(os.path.realpath, params.workspace)
    if params.chat_id is None:
        message = f"A rule for a {params.scope} needs a chat."
        raise errors.InvalidParams(message, path="$.chatId")
    actor = await services.manager.find(params.chat_id)
    if params.scope == "workspace":
        return actor.state.chat.workspace
    if params.scope == "chat":
        return actor.chat_id
    if actor.state.running is None:
        raise errors.InvalidParams("No turn is running for the rule to apply to.", path="$.scope")
    return actor.state.running.id
