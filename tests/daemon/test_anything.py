"""Anything, by several clients at once, with a sidecar that may fail: every turn begins and ends
once, what a client folds is what the daemon has, and nobody is told of a fault of ours.
"""

import random
from collections import Counter

import pytest
import trio

from tests.daemon.client import PATIENCE, Client, Json
from tests.daemon.mirror import Mirror
from tests.daemon.world import Chat, Daemon, Home

PROMPTS = [
    "@text hello",
    "@think hm @slow 2 @text one word after the other",
    '@tool bash {"command": "touch made"} @then @text done',
    '@tool bash {"command": "sleep 5"} @tool ls {"path": "."}',
    "@fail It broke.",
    "@text half @die 3",
    "@compact @text fine",
    "@text fine @late-compact",
    "@retry @text fine",
    "@flood 200",
    "@swallow",
]
STEPS = 60


class Person:
    """One client that does whatever comes to mind; it does not always wait for the answer."""

    def __init__(self, client: Client, chat: Chat, dice: random.Random) -> None:
        self.client = client
        self.chat = chat
        self.dice = dice
        self.posted: list[int] = []

    async def act(self) -> None:
        method, params = self.dice.choice(self.choices())
        self.posted.append(await self.client.post(method, chatId=self.chat.id, **params))
        if method != "turn/wait" and self.dice.random() < 0.3:
            await self.client.reply(self.posted.pop())

    def choices(self) -> list[tuple[str, Json]]:
        text = self.dice.choice(PROMPTS)
        when = self.dice.choice(["auto", "queue", "steer"])
        turn = {"turnId": self.dice.choice(self.turns())}
        return [
            *[("turn/send", {"text": text, "when": when})] * 6,
            *[("turn/stop", {})] * 2,
            ("turn/retry", {}),
            ("chat/compact", {}),
            ("chat/reset", {"hide": self.dice.random() < 0.5}),
            ("chat/archive", {}),
            ("chat/configure", {"model": self.dice.choice(["fake/large", "fake/none"])}),
            ("chat/configure", {"level": self.dice.choice(["standard", "full"])}),
            ("queue/resume", {}),
            ("queue/remove", turn),
            ("queue/edit", {**turn, "text": text}),
            ("turn/wait", turn),
            ("permission/list", {}),
            ("chat/history", {}),
        ]

    def turns(self) -> list[str]:
        changed = self.chat.events("queue/changed")
        entries = changed[-1].get("entries", []) if changed else []
        return [entry["turnId"] for entry in entries] or ["none"]

    async def answers(self) -> list[str]:
        """The names of the errors it was told."""
        replies = [await self.client.reply(number) for number in self.posted]
        return [reply["error"]["data"]["name"] for reply in replies if "error" in reply]


async def settle(chat: Chat) -> None:
    """Lets everything that still goes on come to its end."""
    await chat.call("turn/stop")
    with trio.fail_after(PATIENCE):
        while True:
            listed = await chat.call("queue/list")
            for entry in listed.get("entries", []):
                await remove(chat, entry["turnId"])
            for asked in (await chat.call("permission/list")).get("permissions", []):
                await chat.client.reply(await deny(chat, asked))
            status = (await chat.get())["status"]["name"]
            if status in ("idle", "failed") and not listed.get("entries"):
                return
            await chat.call("turn/stop")


async def remove(chat: Chat, turn_id: str) -> None:
    await chat.client.reply(await chat.client.post("queue/remove", chatId=chat.id, turnId=turn_id))


async def deny(chat: Chat, asked: Json) -> int:
    return await chat.client.post("permission/decide", permissionId=asked["id"], decision="deny")


@pytest.mark.parametrize("seed", range(4))
async def test_anything(daemon: Daemon, home: Home, chat: Chat, seed: int) -> None:
    dice = random.Random(seed)
    mirror = Mirror(await chat.snapshot())
    chat.client.told.clear()
    await live(daemon, chat, dice)
    await daemon.stop()
    await chat.client.gone()
    before = fold(mirror, chat)
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    await again.call("event/subscribe", after=cursor_of(mirror))
    people = await live(daemon, again, dice)
    await settle(again)
    told = Counter([name for person in people for name in await person.answers()])
    assert "Internal" not in told, told
    fresh = Mirror(await Chat(await daemon.client(), chat.made).snapshot())
    await again.client.until(lambda: last_seq(again) >= fresh.state.seq)
    events = before + fold(mirror, again)
    assert mirror.picture() == fresh.picture()
    assert fresh.items.keys() <= mirror.items.keys()
    await check(again, events)


async def live(daemon: Daemon, chat: Chat, dice: random.Random) -> list[Person]:
    """A while in which three people do whatever comes to their minds."""
    people = [Person(await daemon.client(), chat, dice) for _ in range(3)]
    for step in range(STEPS):
        await dice.choice(people).act()
        if step % 5 == 0:
            for asked in (await chat.call("permission/list")).get("permissions", []):
                await deny(chat, asked)
    return people


async def check(chat: Chat, events: list[Json]) -> None:
    started = [event["turn"]["id"] for event in events if event["type"] == "turn/started"]
    ended = [event["turn"]["id"] for event in events if event["type"] == "turn/ended"]
    assert len(set(started)) == len(started)
    assert sorted(started) == sorted(ended)
    for turn_id in started:
        assert (await chat.ended(turn_id))["state"] == "ended"
    assert not (await chat.snapshot()).get("open")
    await chat.call("chat/configure", model="fake/small")
    assert (await chat.turn("@text the end"))["state"] == "ended"


def cursor_of(mirror: Mirror) -> str:
    return f"{mirror.cursor.rpartition('.')[0]}.{mirror.state.seq}"


def last_seq(chat: Chat) -> int:
    return max((params["seq"] for params in chat.client.events(chat=chat.id)), default=0)


def fold(mirror: Mirror, chat: Chat) -> list[Json]:
    """The events that the chat's client was told, and the mirror as they leave it."""
    mirror.take(chat.client.told)
    return chat.events()
