"""Owns one command on its way: who sent it, to which chat, and how its answer gets there."""

from collections.abc import Awaitable, Callable

import msgspec

from claudetted.chat.actor import Actor
from claudetted.chat.step import Step
from claudetted.protocol.images import NewImage
from claudetted.protocol.turns import SendResult
from claudetted.rpc.caller import Caller
from claudetted.rpc.idempotency import Keyed
from claudetted.rpc.services import Services
from claudetted.rpc.slash.reading import Typed


class Invocation(msgspec.Struct, frozen=True):
    services: Services
    caller: Caller
    actor: Actor
    typed: Typed
    keyed: Keyed
    images: list[NewImage] = msgspec.field(default_factory=list)
    """Those of the message that it goes into."""

    async def tell(self, say: str | Callable[[Step], str], *, notice: bool = True) -> SendResult:
        """Ends the command in one step: what `say` does, what it returns as a notice for all, and
        the answer for a request that is sent again.

        Without a notice where what was done leaves one itself.
        """

        def plan(step: Step) -> SendResult:
            text = say if isinstance(say, str) else say(step)
            if notice:
                step.add_notice("command", text, self.typed.text)
            return self.remember(step, text)

        return await self.actor.ask(plan)

    def remember(self, step: Step, text: str) -> SendResult:
        result = SendResult(None, "command", command=f"/{self.typed.name}", text=text)
        self.keyed.remember(step, result)
        return result


Act = Callable[[Invocation], Awaitable[SendResult]]
