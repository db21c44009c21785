"""Owns the gate before an agent works: asked once, it gives the way or says what is amiss."""

from typing import Any

import msgspec

from claudetted.chat import workspaces
from claudetted.chat.plans import verdicts
from claudetted.chat.step import Step
from claudetted.chat.world import World
from claudetted.permissions.verdict import Verdict
from claudetted.protocol import errors
from claudetted.protocol.chats import Chat
from claudetted.protocol.endpoints import Endpoint
from claudetted.protocol.harnesses import Capabilities
from claudetted.protocol.permissions import Confinement, Level, Request


def may_run(world: World, chat: Chat, env: dict[str, str]) -> Endpoint | None:
    """Where the chat's model is served, unless its agent knows, as far as is known without asking.

    Raises WorkspaceMissing, HarnessMissing, AnthropicBlocked.
    """
    workspaces.check_there(chat)
    endpoint = world.routing.route(chat)
    if why := world.block.refuses(chat, env):
        raise errors.AnthropicBlocked(why, model=chat.model or chat.model_used)
    return endpoint


async def ask_programs(world: World, chat: Chat, env: dict[str, str], *, started: bool) -> None:
    """What only programs can tell, so that `may_run` is sure of it: whether there is a
    subscription, and whether an agent could be started. Raises HarnessMissing."""
    await world.block.renew_for(chat)
    if not started and not world.block.refuses(chat, env):
        await world.launcher.require(chat.harness, env)


def check_asks(harness: str, capabilities: Capabilities, level: Level | None) -> None:
    """Raises NotSupported for a level at which an agent that does not ask may not run."""
    if level and level != "full" and not capabilities.asks:
        message = (
            f"{harness} does not ask before it acts, so it runs at the level full only, where "
            f"nothing is asked: claudette new --agent {harness} --level full"
        )
        raise errors.NotSupported(message, harness=harness, capability="asks")


class ChatPolicy(msgspec.Struct, frozen=True):
    """What holds for a chat with an environment, as `policy.Policy` has it."""

    world: World
    env: dict[str, str]

    def may_run(self, chat: Chat) -> Endpoint | None:
        return may_run(self.world, chat, self.env)

    def takes_images(self, chat: Chat) -> bool | None:
        return self.world.routing.takes_images(chat)

    def hosted(self, chat: Chat) -> tuple[str, ...]:
        return self.world.harnesses.hosted(chat.harness)

    def judge(self, step: Step, request: Request) -> Verdict:
        return verdicts.judge(self.world.rulebook, self.world.places, step, request)

    def setting(self, key: str, workspace: str) -> Any:
        return self.world.rulebook.setting(key, workspace)

    @property
    def boxes(self) -> bool:
        return self.world.box.works

    def wrapper(self, confinement: Confinement) -> list[str]:
        return self.world.box.wrapper(confinement)
