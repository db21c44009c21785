"""Owns a control sidecar that the test plays: one provider, and requests that go as it says."""

from typing import Any

from tests.daemon.client import Client, Json
from tests.daemon.puppet import Puppet, Puppets

ROW = {"id": "openai", "name": "OpenAI", "ways": ["api_key"], "models": 3}
KEYED = {**ROW, "variables": ["OPENAI_API_KEY"]}


class Agent:
    """Plays the control sidecar: one provider, and keys that go as the test says."""

    def __init__(self, puppet: Puppet) -> None:
        self.puppet = puppet
        self.refusals: dict[str, tuple[str, str]] = {}
        self.row: Json = dict(KEYED)

    async def answers(self, *kinds: str) -> list[Json]:
        """Answers these requests, in this order."""
        asked = [await self.puppet.hears(kind) for kind in kinds]
        for line in asked:
            if refusal := self.refusals.get(line["type"]):
                await self.puppet.refuses(line, *refusal, path="/auth.json")
            elif line["type"] == "providers":
                await self.puppet.answers(line, {"providers": [self.row]})
            else:
                await self.puppet.answers(line, None if line["type"] == "store.key" else {})
        return asked


async def begun(client: Client, puppets: Puppets, method: str, **params: Any) -> tuple[int, Agent]:
    number = await client.post(method, **params)
    puppet = await puppets.next()
    await puppet.greets()
    return number, Agent(puppet)


async def fault(client: Client, number: int) -> Json:
    return dict((await client.reply(number))["error"])
