"""What leaves this machine about a chat: a title, why, and a link."""

from datetime import time
from typing import Any, cast

import pytest
import trio
import trio.testing

from claudetted.daemon import push
from claudetted.daemon.notice import Notice
from claudetted.daemon.push import Push, is_quiet, to_ntfy, to_webhook
from claudetted.daemon.web_push import WebPush
from claudetted.protocol.base import ChatId
from claudetted.rpc.doors.web.pairing import Pairing
from claudetted.rpc.doors.web.push_keys import PushKeys

NOTICE = Notice(ChatId("c1"), "Fix it", ("permission",), "The agent asks.", "https://b/#/chat/c1")
BACK = Notice(ChatId("c1"), "Fix it", ("permission",), "", "")


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        ("", "03:00", False),
        ("22:00-07:00", "21:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False),
        ("09:00-17:00", "12:00", True),
        ("09:00-17:00", "17:00", False),
        ("00:00-00:00", "12:00", False),
    ],
)
def test_hours_are_quiet_also_over_midnight(hours: str, at: str, quiet: bool) -> None:
    assert is_quiet(hours, time.fromisoformat(at)) is quiet


def test_a_topic_is_named_in_the_message() -> None:
    url, message = to_ntfy("https://ntfy.example/sub/some-topic", NOTICE)
    assert url == "https://ntfy.example/sub/"
    assert (message["topic"], message["click"]) == ("some-topic", NOTICE.link)
    assert to_ntfy("https://ntfy.sh/a", NOTICE)[0] == "https://ntfy.sh/"


def test_what_is_taken_back_replaces_what_was_there_and_rings_no_bell() -> None:
    _, first = to_ntfy("https://ntfy.sh/a", NOTICE)
    _, last = to_ntfy("https://ntfy.sh/a", BACK)
    assert first["sequence_id"] == last["sequence_id"]
    assert (first["priority"], last["priority"]) == (4, 1)
    assert "click" not in last
    assert (to_webhook(NOTICE)["kind"], to_webhook(BACK)["kind"]) == ("raised", "withdrawn")


def test_only_so_many_go_out_a_minute() -> None:
    settings: dict[str, Any] = {}
    nobody = Pairing(cast(Any, None), [], str, str)

    async def main() -> list[bool]:
        push_ = Push(settings.get, WebPush(nobody, PushKeys(), str))
        first = [push_.has_room() for _ in range(push.MOST + 1)]
        await trio.sleep(push.PER_SECONDS)
        return [*first, push_.has_room()]

    told = trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert told == [True] * push.MOST + [False, True]
