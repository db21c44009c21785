"""Credits: when they are asked for, by whom, and what is told of an answer or of none."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from claudetted.protocol import errors, sidecar
from claudetted.protocol.models import ListResult, Model
from claudetted.protocol.usage import Balance
from claudetted.providers import http
from claudetted.providers.credits import POLL_SECONDS, Credits
from claudetted.providers.http import HttpFailed

SECRET = "sk-open-sesame"
ACCOUNT = {"data": {"total_credits": 20, "total_usage": 7.5}}


class Surroundings:
    """What a balance needs around it: whoever watches, the key in use, and a server."""

    def __init__(self) -> None:
        self.present = self.concerned = True
        self.key = SECRET
        self.models: list[Model] = []
        self.answers: dict[str, Any] = {"credits": ACCOUNT}
        self.asked: list[str] = []
        self.told: list[Balance | None] = []
        self.hold: trio.Event | None = None

    def tell(self, balance: Balance | None) -> None:
        self.told.append(balance)

    async def known(self) -> ListResult:
        return ListResult(self.models)

    async def ask(self, make: Callable[[int], Any], result: type[Any]) -> Any:
        assert make(1) == sidecar.KeyWanted(1, "openrouter")
        if self.key == "broken":
            raise errors.HarnessFailed("It does not start.", harness="pi")
        return sidecar.KeyInUse(self.key, "http://router/api/v1/")

    async def environment(self) -> dict[str, str]:
        return {}

    async def fetch(self, url: str, *, key: str, env: dict[str, str]) -> Any:
        assert key == self.key
        self.asked.append(url.removeprefix("http://router/api/v1/"))
        if self.hold is not None:
            await self.hold.wait()
        answer = self.answers[self.asked[-1]]
        if isinstance(answer, int):
            raise HttpFailed(f"{url} answered {answer}.", answer)
        return answer


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    made = Surroundings()
    monkeypatch.setattr(http, "fetch_json", made.fetch)
    return made


@pytest.fixture
def made(around: Surroundings, nursery: trio.Nursery) -> Credits:
    stands: Any = around
    return Credits(stands, stands, stands, lambda: "now", nursery, stands.environment)


async def test_an_account_is_told_to_who_watches(around: Surroundings, made: Credits) -> None:
    await made.refresh()
    assert made.known == Balance("account", 7.5, 20.0, 12.5, False, "now")
    assert around.told == [made.known]


@pytest.mark.parametrize(("bought", "used"), [(0, 0), (5, 5), (5, 6)])
async def test_bug_41_without_credits_it_is_exhausted(
    around: Surroundings, made: Credits, bought: float, used: float
) -> None:
    around.answers["credits"] = {"data": {"total_credits": bought, "total_usage": used}}
    await made.refresh()
    assert made.known
    assert (made.known.remaining_usd, made.known.exhausted) == (0.0, True)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_may_not_see_the_account_tells_of_itself(
    around: Surroundings, made: Credits, status: int
) -> None:
    around.answers |= {"credits": status, "key": {"data": {"usage": 3, "limit": None}}}
    await made.refresh()
    assert made.known == Balance("key", 3.0, at="now")
    around.answers["key"] = {"data": {"usage": 3, "limit": 10, "limit_remaining": 4.5}}
    await made.refresh()
    assert made.known == Balance("key", 3.0, 10.0, 4.5, False, "now")
    around.answers["key"] = {"data": {"usage": 10, "limit": 10}}
    await made.refresh()
    assert made.known.exhausted
    assert around.asked == ["credits", "key"] * 3


@pytest.mark.parametrize(
    "answer", [500, 404, None, {}, {"data": None}, {"data": {"total_credits": "much"}}]
)
async def test_bug_41_a_failure_leaves_no_balance_and_says_why(
    around: Surroundings, made: Credits, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await made.refresh()
    around.answers["credits"] = answer
    with caplog.at_level("DEBUG"):
        await made.refresh()
    assert made.known is None
    assert around.told[-1] is None
    assert made.trouble
    assert SECRET not in made.trouble + caplog.text


async def test_without_a_key_nobody_is_asked(around: Surroundings, made: Credits) -> None:
    around.key = ""
    await made.refresh()
    assert "No key" in made.trouble
    around.key = "broken"
    await made.refresh()
    assert made.trouble == "It does not start."
    assert around.asked == []


async def test_who_never_uses_it_never_asks(around: Surroundings, made: Credits) -> None:
    around.present = around.concerned = False
    around.models = [Model("openrouter/a", "A", "openrouter", "OpenRouter", usable=False)]
    await made.refresh()
    assert (around.asked, made.trouble) == ([], "")
    around.models = [Model("openrouter/a", "A", "openrouter", "OpenRouter")]
    await made.refresh()
    assert around.asked == ["credits"]


async def test_one_round_at_a_time_which_outlives_who_asked(
    around: Surroundings, made: Credits, nursery: trio.Nursery
) -> None:
    around.hold = trio.Event()
    leaving = trio.CancelScope()
    nursery.start_soon(_within, leaving, made.refresh)
    await wait_all_tasks_blocked()
    nursery.start_soon(made.refresh)
    await wait_all_tasks_blocked()
    leaving.cancel()
    await wait_all_tasks_blocked()
    assert around.asked == ["credits"]
    around.hold.set()
    await made.refresh()
    assert made.known


async def _within(scope: trio.CancelScope, work: Callable[[], Awaitable[None]]) -> None:
    with scope:
        await work()


async def test_it_is_asked_now_and_then_while_somebody_watches(
    around: Surroundings, made: Credits, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    nursery.start_soon(made.run)
    await trio.sleep(3 * POLL_SECONDS + 1)
    assert around.asked == ["credits"] * 3
    around.present = False
    made.look_soon()
    await trio.sleep(3 * POLL_SECONDS)
    assert around.asked == ["credits"] * 3
    around.present = True
    made.look_soon()
    await trio.sleep(1)
    assert around.asked == ["credits"] * 4


async def test_what_takes_too_long_is_given_up(
    around: Surroundings, made: Credits, autojump_clock: MockClock
) -> None:
    around.hold = trio.Event()
    await made.refresh()
    assert "within 30 s" in made.trouble


async def test_another_credential_may_have_another_balance(
    around: Surroundings, made: Credits, nursery: trio.Nursery
) -> None:
    nursery.start_soon(made.run)
    await made.refresh()
    around.answers["credits"] = {"data": {"total_credits": 1, "total_usage": 0}}
    made.forget()
    assert made.known is None
    await wait_all_tasks_blocked()
    assert [told.total_usd for told in around.told if told] == [20.0, 1.0]


async def test_what_an_older_credential_is_told_too_late_is_not_known(
    around: Surroundings, made: Credits, nursery: trio.Nursery
) -> None:
    around.hold = trio.Event()
    nursery.start_soon(made.refresh)
    await wait_all_tasks_blocked()
    made.forget()
    around.hold.set()
    await wait_all_tasks_blocked()
    assert (made.known, around.told) == (None, [])
