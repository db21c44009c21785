"""Answers that come late or never: the page shows what is, and sends nothing twice."""

import pytest

from tests.browser.acts import (
    at,
    ended,
    hold_answer,
    idle,
    let_go,
    pair,
    press,
    shown,
    until_held,
    visit,
    write,
)
from tests.browser.conftest import Browser, Stage
from tests.daemon.calls import bash

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("no_faults")]

LOSE = """
    await page.evaluate(() => {
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (text) {
        send.call(this, text);
        if (JSON.parse(text).method !== 'turn/send') return;
        WebSocket.prototype.send = send;
        this.close();
      };
    });
"""
DRAFT = "page.getByLabel('Message', { exact: true })"


@pytest.fixture(autouse=True)
def fresh(browser: Browser, stage: Stage) -> None:
    """A page in which nothing is held."""
    pair(browser, stage, "late", "Late")


def comes_back(browser: Browser) -> None:
    """What was written is there again, and so is the connection."""
    browser.on("late", f"await {DRAFT}.and(page.locator(':not(:placeholder-shown)')).waitFor()")
    browser.on("late", "await page.locator('.offline').waitFor({ state: 'detached' })")


def begin(browser: Browser, stage: Stage, text: str, taps: int = 1) -> None:
    visit(browser, "late", "new")
    browser.on("late", "await page.getByLabel('Directory').fill(args.d)", d=str(stage.home.work))
    browser.on("late", "await page.getByLabel('First message').fill(args.t)", t=text)
    tap = "await page.getByRole('button', { name: 'Start' }).evaluate((button, taps) => {"
    tap += " while (taps-- > 0) button.click(); }, args.taps)"
    browser.on("late", tap, taps=taps)


def known(stage: Stage) -> set[str]:
    return {chat["id"] for chat in stage.call("chat/list", limit=200).get("chats", [])}


def said_in(stage: Stage, chat: str) -> list[str]:
    items = stage.call("chat/history", chatId=chat)["items"]
    return [item["text"] for item in items if item["kind"] == "user"]


def send_again_and_another(browser: Browser, stage: Stage, chat: str) -> None:
    """What came back to be written, and then "@text last"."""
    ended(stage, chat)
    idle(browser, stage, "late", chat)
    press(browser, "late", "Send")
    write(browser, "late", "@text last")
    press(browser, "late", "Send")
    shown(browser, "late", "last")
    ended(stage, chat)


def sent_without_an_answer(browser: Browser, stage: Stage, title: str, text: str) -> str:
    """The chat of a message that came back to be written, though it was taken."""
    chat = stage.chat(title)
    at(browser, "late", chat)
    browser.on("late", LOSE)
    write(browser, "late", text)
    press(browser, "late", "Send")
    comes_back(browser)
    return chat


def test_a_message_whose_answer_was_lost_is_sent_again_and_done_once(
    browser: Browser, stage: Stage
) -> None:
    chat = sent_without_an_answer(browser, stage, "Once", "@text once")
    send_again_and_another(browser, stage, chat)
    assert said_in(stage, chat) == ["@text once", "@text last"]


def test_a_message_whose_answer_was_lost_is_done_once_also_where_it_is_sent_in_another_way(
    browser: Browser, stage: Stage
) -> None:
    chat = sent_without_an_answer(browser, stage, "Steered", "@hold steered @text once")
    press(browser, "late", "Steer")
    shown(browser, "late", "it is not sent twice")
    stage.home.gates.release("steered")
    ended(stage, chat)
    assert said_in(stage, chat) == ["@hold steered @text once"]


def test_a_chat_that_is_begun_by_two_taps_is_one(browser: Browser, stage: Stage) -> None:
    before = known(stage)
    begin(browser, stage, "@text twice", taps=2)
    shown(browser, "late", "twice")
    (chat,) = known(stage) - before
    ended(stage, chat)
    assert said_in(stage, chat) == ["@text twice"]


def test_a_first_message_without_an_answer_is_written_again(browser: Browser, stage: Stage) -> None:
    before = known(stage)
    browser.on("late", LOSE)
    begin(browser, stage, "@text first")
    comes_back(browser)
    (chat,) = known(stage) - before
    send_again_and_another(browser, stage, chat)
    assert said_in(stage, chat) == ["@text first", "@text last"]


def test_what_is_asked_while_the_page_connects_is_in_its_inbox(
    browser: Browser, stage: Stage
) -> None:
    chat = stage.chat("Asks early")
    hold_answer(browser, "late", "chat/list")
    until_held(browser, "late")
    stage.call("turn/send", chatId=chat, text=bash("touch early"))
    asked = stage.call("turn/wait", chatId=chat, orAsked=True)
    assert asked["asked"] == 1
    browser.on("late", "await page.waitForFunction(() => taken.includes('permission'))")
    let_go(browser, "late")
    shown(browser, "late", "touch early")
    press(browser, "late", "Deny")
    ended(stage, chat)


def test_a_page_of_the_past_that_a_reset_has_hidden_is_not_shown(
    browser: Browser, stage: Stage
) -> None:
    chat = stage.chat("Past")
    for number in range(26):
        stage.call("turn/send", chatId=chat, text=f"@text answer-{number}.")
        ended(stage, chat)
    hold_answer(browser, "late", "chat/history")
    at(browser, "late", chat)
    shown(browser, "late", "answer-25.")
    browser.on("late", "await page.locator('.transcript').evaluate((n) => { n.scrollTop = 0 })")
    until_held(browser, "late")
    stage.call("chat/reset", chatId=chat, hide=True)
    shown(browser, "late", "new session starts here")
    let_go(browser, "late")
    stage.call("turn/send", chatId=chat, text="@text afterwards")
    ended(stage, chat)
    idle(browser, stage, "late", chat)
    assert browser.on("late", "return page.locator('.entry').count()") == 3
