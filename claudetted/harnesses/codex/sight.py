"""Owns whether the model takes images, as far as Codex's own list of models tells.

The list is asked for when the first image comes, and what that is for waits for the answer.
"""

from msgspec.structs import replace

from claudetted.harnesses.codex.capabilities import CAPABILITIES
from claudetted.harnesses.codex.exchange import Exchange
from claudetted.harnesses.codex.session import Session, decoded
from claudetted.harnesses.codex.vendor import Head, Models
from claudetted.protocol import sidecar as sc
from claudetted.protocol.harnesses import Capabilities


class Sight:
    def __init__(self, exchange: Exchange, session: Session) -> None:
        self._exchange = exchange
        self._session = session
        self._sees: dict[str, bool] | None = None
        self._asking = False

    def looks_first(self, line: sc.ToSidecar) -> bool:
        """Whether the line waits until the list is known."""
        shows = isinstance(line, sc.Prompt | sc.Steer) and bool(line.images)
        waits = shows and self._sees is None and self._session.is_open
        if waits and not self._asking:
            self._asking = True
            self._exchange.request("model/list", self._listed)
        return waits

    def forget_question(self) -> None:
        """The program that was asked is gone."""
        self._asking = False

    def refuses(self, line: sc.ToSidecar) -> str:
        """Why a message cannot be shown to the model; empty if it can, or nobody knows."""
        shows = isinstance(line, sc.Prompt | sc.Steer) and bool(line.images)
        if not shows or self.capabilities.images:
            return ""
        return (
            f"{self._session.model} takes no images. Choose a model that does, with /model in the "
            "chat, or send the message without images."
        )

    @property
    def capabilities(self) -> Capabilities:
        """Of the agent with the model as it is set now. Of a server's models nothing is known."""
        known = {} if self._session.is_served else self._sees or {}
        return replace(CAPABILITIES, images=known.get(self._session.model, True))

    def _listed(self, head: Head) -> None:
        told = decoded(head, Models)
        self._sees = {one.id: one.sees for one in told.data} if told else {}
