"""What one sets and sends on the page: model, level, steers and the queue."""

import pytest

from tests.browser.acts import at, clean, ended, pair, press, shown, toggle_settings, write
from tests.browser.conftest import Browser, Stage
from tests.fakes.local_server import ollama

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("no_faults")]


@pytest.fixture(scope="module", autouse=True)
def phone(browser: Browser, stage: Stage) -> None:
    pair(browser, stage, "set", "Setter")


def test_a_model_is_found_by_its_name_and_chosen(browser: Browser, stage: Stage) -> None:
    with ollama(library___llama3=8_192, qwen3__5=None) as server:
        stage.call("backend/update", backend="ollama", url=server.root)
        assert stage.call("backend/test", backend="ollama")["ok"]
        chat = stage.chat("Models")
        at(browser, "set", chat)
        write(browser, "set", "a draft that stays")
        toggle_settings(browser, "set")
        shown(browser, "set", "qwen3.5")
        search = "await page.getByLabel('Search models').fill(args.text)"
        browser.on("set", search, text="no such model")
        shown(browser, "set", "No model matches.")
        browser.on("set", search, text="OLLAMA llama3")
        names = "return page.locator('.picker section button').allInnerTexts()"
        assert browser.on("set", names) == ["library/llama3"]
        clean(browser, "set")
        browser.on("set", "await page.locator('.picker section button').click()")
        # Chosen, it is closed, and what was written is still there.
        left = "return page.getByLabel('Message', { exact: true }).inputValue()"
        assert browser.on("set", left) == "a draft that stays"
        assert stage.call("chat/get", chatId=chat)["chat"]["model"] == "ollama/library/llama3"
        write(browser, "set", "")


def test_a_group_of_models_is_shown_whole_on_request(browser: Browser, stage: Stage) -> None:
    names = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf")
    with ollama(**dict.fromkeys(names, 8_192)) as server:
        stage.call("backend/update", backend="ollama", url=server.root)
        assert stage.call("backend/test", backend="ollama")["ok"]
        at(browser, "set", stage.chat("Many models"))
        toggle_settings(browser, "set")
        shown(browser, "set", "alpha")
        group = "page.locator('.picker section', { hasText: 'alpha' })"
        listed = f"return {group}.getByRole('button').allInnerTexts()"
        before = browser.on("set", listed)
        assert before[-1] == "Show all (7)…" and len(before) == 6
        press(browser, "set", "Show all (7)…")
        browser.on("set", f"await {group}.getByText('golf').waitFor()")
        assert sorted(browser.on("set", listed)) == list(names)
        clean(browser, "set")


def test_a_level_is_chosen_and_one_that_may_not_is_told(browser: Browser, stage: Stage) -> None:
    chat = stage.chat("Levels")
    at(browser, "set", chat)
    toggle_settings(browser, "set")
    browser.on("set", "await page.locator('.settings select').selectOption('full')")
    browser.on("set", "await page.locator('.facts', { hasText: 'full' }).waitFor()")
    assert stage.call("chat/get", chatId=chat)["chat"]["level"] == "full"
    pair(browser, stage, "worker", "Worker", right="work")
    at(browser, "worker", chat)
    toggle_settings(browser, "worker")
    shown(browser, "worker", "This device may not change model or level.")


def test_a_message_steers_a_turn_and_another_waits_for_its_end(
    browser: Browser, stage: Stage
) -> None:
    chat = stage.chat("Steered")
    at(browser, "set", chat)
    write(browser, "set", "@text one @hold first @then @text never said")
    press(browser, "set", "Send")
    shown(browser, "set", "one")
    write(browser, "set", "@text turned")
    press(browser, "set", "Steer")
    write(browser, "set", "@text last")
    press(browser, "set", "Queue")
    browser.on("set", "await page.locator('.queue li', { hasText: '@text last' }).waitFor()")
    stage.home.gates.wait_held("first")
    # Answered by the agent, which has all that came before then.
    stage.call("chat/configure", chatId=chat, thinking="low")
    stage.home.gates.release("first")
    browser.on("set", "await page.locator('.entry.message', { hasText: 'last' }).waitFor()")
    assert ended(stage, chat) == "done"
    assert browser.on("set", "return page.locator('.queue').count()") == 0
    said = "return page.locator('.entry.message').allInnerTexts()"
    assert browser.on("set", said) == ["one", "turned", "last"]


def test_what_comes_and_goes_above_a_chat_takes_no_button_from_under_a_finger(
    browser: Browser, stage: Stage
) -> None:
    chat = stage.chat("Work")
    at(browser, "set", chat)
    button = "const button = page.locator('.facts button')"
    browser.on("set", f"{button}; await button.hover(); await page.mouse.down()")
    stage.call("turn/send", chatId=chat, text="@usage 900 100 @text Done")
    ended(stage, chat)
    browser.on("set", "await page.locator('.facts meter').waitFor()")
    browser.on("set", "await page.mouse.up()")
    browser.on("set", "await page.locator('.settings').waitFor()")
    toggle_settings(browser, "set")
