"""Owns what plans ask of the rest of the daemon. It answers at once, from memory."""

from typing import TYPE_CHECKING, Any, Protocol

from claudetted.permissions.verdict import Verdict
from claudetted.protocol.chats import Chat
from claudetted.protocol.endpoints import Endpoint
from claudetted.protocol.permissions import Confinement, Request

if TYPE_CHECKING:
    from claudetted.chat.step import Step


class Policy(Protocol):
    """What holds for one chat while a step is planned."""

    def may_run(self, chat: Chat) -> Endpoint | None:
        """Where the chat's model is served, unless its agent knows. Raises the Fault that says why
        nothing may run."""

    def takes_images(self, chat: Chat) -> bool | None:
        """Whether the chat's model does; None when nobody knows."""

    def hosted(self, chat: Chat) -> tuple[str, ...]:
        """The tools that the service of the chat's agent runs without asking."""

    def judge(self, step: "Step", request: Request) -> Verdict:
        """What the engine says of a call, as the chat stands in the step."""

    def setting(self, key: str, workspace: str) -> Any:
        """As it holds for a workspace, without what the step changes."""

    @property
    def boxes(self) -> bool:
        """Whether this machine can confine commands."""

    def wrapper(self, confinement: Confinement) -> list[str]:
        """The words that start a command confined."""
