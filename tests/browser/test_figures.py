"""How fast the page is on a slow telephone, measured against the same page with little to do: other
programs of the machine slow both alike."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.acts import at, ended, idle, pair
from tests.browser.conftest import Browser, Stage

pytestmark = pytest.mark.xdist_group("browser")

SLOWER = 4
"""A telephone of the middle class against a computer."""
FEW, ITEMS = 1_000, 5_000
BY_TURN = 250
DELTAS = 20_000
TIMES = 3
"""As often, at most, is measured what can be measured again, and the least counts: what else the
machine does only adds to it. So once it is little enough, nothing that follows can change that."""

SLOW = """
    const tools = await page.context().newCDPSession(page);
    await tools.send('Emulation.setCPUThrottlingRate', { rate: args.rate });
"""
CALIBRATE = """
    return page.evaluate(() => {
      const began = performance.now();
      let sum = 0;
      for (let number = 0; number < 2e7; number += 1) sum += number % 7;
      return sum ? performance.now() - began : 0;
    });
"""
WATCH = """
    await page.evaluate(() => {
      window.tasks = [];
      new PerformanceObserver((list) => {
        for (const task of list.getEntries()) window.tasks.push(task.duration);
      }).observe({ type: 'longtask' });
    });
"""
SCROLL = """
    return page.locator('.transcript').evaluate(async (node) => {
      const drawn = [];
      for (let step = 0; step <= 20; step += 1) {
        node.scrollTop = (node.scrollHeight * step) / 20;
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        drawn.push(document.querySelectorAll('*').length);
      }
      return Math.max(...drawn);
    });
"""
TO_THE_TOP = """
    await page.locator('.transcript').evaluate(async (node) => {
      while (document.querySelector('.older')) {
        node.scrollTop = 0;
        await new Promise(requestAnimationFrame);
      }
    });
"""


@pytest.fixture(scope="module", autouse=True)
def phone(browser: Browser, stage: Stage) -> None:
    pair(browser, stage, "slow", "Slow")


@pytest.fixture
def slow(browser: Browser) -> Any:
    browser.on("slow", SLOW, rate=SLOWER)
    yield
    browser.on("slow", SLOW, rate=1)


def longest(browser: Browser) -> float:
    """Milliseconds of the longest task since `WATCH`; tasks below 50 are none."""
    return float(browser.on("slow", "return page.evaluate(() => Math.max(50, ...window.tasks))"))


def loop(browser: Browser) -> float:
    """Milliseconds of 20 million steps there: 60 to 100 on an idle machine of 2024, slowed down."""
    return float(min(browser.on("slow", CALIBRATE) for _ in range(3)))


def least(most: float, measure: Callable[[], float], times: int = TIMES) -> float:
    """The first that is below `most`; else the least of them all."""
    found = [measure()]
    while found[-1] >= most and len(found) < times:
        found.append(measure())
    return min(found)


def test_it_can_be_used_soon_after_its_first_byte(
    browser: Browser, stage: Stage, slow: None
) -> None:
    code = """
        await page.reload({ waitUntil: 'commit' });
        return page.evaluate(async () => {
          while (!document.querySelector('nav a')) await new Promise(requestAnimationFrame);
          const { responseStart } = performance.getEntriesByType('navigation')[0];
          return performance.now() - responseStart;
        });
    """
    browser.on("slow", "await page.evaluate(() => navigator.serviceWorker.ready)")
    unit = loop(browser)
    soonest = least(8 * unit, lambda: float(browser.on("slow", code)), times=4 * TIMES)
    assert soonest < 8 * unit, (soonest, unit)


def test_twenty_thousand_deltas_do_not_freeze_it(
    browser: Browser, stage: Stage, slow: None
) -> None:
    def flood() -> float:
        chat = stage.chat("Flood")
        at(browser, "slow", chat)
        browser.on("slow", WATCH)
        stage.call("turn/send", chatId=chat, text=f"@many {DELTAS} @text finished")
        ended(stage, chat)
        # Looking for a text would cost more than drawing it.
        idle(browser, stage, "slow", chat)
        return longest(browser)

    unit = loop(browser)
    told = least(5 * unit, flood)
    assert told < 5 * unit, (told, unit)


def test_a_chat_of_five_thousand_items_scrolls(browser: Browser, stage: Stage) -> None:
    show(browser, stage, FEW)
    few = browser.on("slow", SCROLL)
    show(browser, stage, ITEMS)
    browser.on("slow", SLOW, rate=SLOWER)
    unit = loop(browser)
    drawn = []

    def scroll() -> float:
        browser.on("slow", WATCH)
        drawn.append(browser.on("slow", SCROLL))
        return longest(browser)

    told = least(10 * unit, scroll)
    browser.on("slow", SLOW, rate=1)
    assert max(drawn) < few + 50 < 400
    assert told < 10 * unit, (told, unit)


def show(browser: Browser, stage: Stage, items: int) -> None:
    """Opens a chat of so many items, and has all of them on the page."""
    chat = stage.chat(f"Tall {items}")
    for _ in range(items // BY_TURN):
        stage.call("turn/send", chatId=chat, text=" @then ".join(["@text one"] * BY_TURN))
        ended(stage, chat)
    at(browser, "slow", chat)
    browser.on("slow", TO_THE_TOP)
    height = "return page.locator('.transcript').evaluate((node) => node.scrollHeight)"
    assert browser.on("slow", height) > 20 * items
