"""Which other chats wait for a person."""

from typing import Any

from claudette_cli.client.waiting import Others


class Feed:
    """Answers as the daemon does, with these chats in need of attention."""

    def __init__(self, *chats: dict[str, Any]) -> None:
        self._chats = list(chats)

    def request(self, method: str, _params: object) -> Any:
        return {"chats": self._chats} if method == "attention/list" else {}


def chat(name: str, *attention: str) -> dict[str, Any]:
    return {"id": name, "attention": list(attention)}


def others(*chats: dict[str, Any]) -> Others:
    made = Others("mine")
    made.begin(Feed(*chats))  # type: ignore[arg-type]
    return made


def test_the_others_are_counted_as_they_come_and_go() -> None:
    waiting = others(chat("mine", "permission"), chat("a", "permission"))
    assert waiting.count == 1
    assert waiting.take({"subject": "chat", "chat": chat("b", "ended")})
    assert not waiting.take({"subject": "chat", "chat": chat("b", "ended", "question")})
    assert not waiting.take({"subject": "chat", "chat": chat("mine", "question")})
    assert waiting.count == 2
    assert waiting.take({"subject": "chat", "chat": chat("a")})
    assert waiting.take({"subject": "deleted", "chatId": "b"})
    assert waiting.count == 0
    assert not waiting.take({"subject": "models"})


def test_one_that_is_archived_waits_for_nobody() -> None:
    waiting = others(chat("a", "ended"))
    assert waiting.take({"subject": "chat", "chat": chat("a", "ended") | {"archivedAt": "now"}})
