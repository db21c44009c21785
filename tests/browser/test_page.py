"""The page in a real browser the size of a telephone."""

import json

import pytest

from tests.browser.acts import (
    at,
    clean,
    ended,
    idle,
    pair,
    press,
    shown,
    toggle_settings,
    visit,
    write,
)
from tests.browser.conftest import Browser, Stage
from tests.daemon.calls import bash, tool
from tests.fakes.serving import answering, serving
from tests.support import pictures
from tests.support.isolation import outer

# One browser for all of them.
pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("no_faults")]
HOSTILE = """# Title

<script>window.bad = 1</script> <img src="https://evil.example/x.png" onerror="window.bad = 2">

![a picture](https://evil.example/huge.png) [a link](javascript:window.bad=3)
[fine](https://example.com/) <a href="data:text/html,x">data</a> <iframe src="/"></iframe>
<form action="https://evil.example"><button>x</button></form> \u202eabc\u202c

```python
def f(): return "<b>"
```
"""


@pytest.fixture(scope="module", autouse=True)
def phone(browser: Browser, stage: Stage) -> None:
    """The page that most tests use, wherever they run."""
    pair(browser, stage, "phone", "Phone")


@pytest.fixture(autouse=True)
def inbox(browser: Browser, phone: None) -> None:
    visit(browser, "phone", "inbox")


def test_a_link_pairs_a_telephone_and_a_tap_allows_a_change(browser: Browser, stage: Stage) -> None:
    assert "pair" not in browser.on("phone", "return page.url()")
    chat = stage.chat("Fix the average")
    content = "def average(numbers):\n    return sum(numbers) / len(numbers)\n"
    stage.call("turn/send", chatId=chat, text=tool("write", path="average.py", content=content))
    shown(browser, "phone", "Make this change?")
    shown(browser, "phone", "+def average(numbers):")
    clean(browser, "phone")
    browser.on(
        "phone", "await page.screenshot({ path: args.path, ...kept.plain })", path=screenshot(stage)
    )
    press(browser, "phone", "Allow once")
    assert ended(stage, chat) == "done"
    assert (stage.home.work / "average.py").read_text() == content
    (last,) = stage.call("permission/audit", chatId=chat)["decisions"]
    assert last["by"] == "page/browser (device Phone)"
    # The card is gone; that the turn ended is there until somebody has looked.
    browser.on("phone", "await page.locator('.card').waitFor({ state: 'detached' })")
    shown(browser, "phone", "Fix the average")


def screenshot(stage: Stage) -> str:
    """Where to; PAGE_SCREENSHOT=clients/web/inbox.png makes that of the README anew."""
    return outer.get("PAGE_SCREENSHOT") or str(stage.home.root / "inbox.png")


def test_a_denial_carries_its_reason(browser: Browser, stage: Stage) -> None:
    chat = stage.chat("Clean up")
    stage.call("turn/send", chatId=chat, text=f"{bash('touch gone')} @then @text fine")
    shown(browser, "phone", "touch gone")
    press(browser, "phone", "Deny with a reason")
    browser.on("phone", "await page.locator('textarea').fill('Use git clean.')")
    press(browser, "phone", "Deny")
    assert ended(stage, chat) == "done"
    (last,) = stage.call("permission/audit", chatId=chat)["decisions"]
    assert last["outcome"] == "deny"
    assert "Use git clean." in json.dumps(stage.call("chat/history", chatId=chat))


def test_what_was_cut_is_opened_before_it_is_allowed(browser: Browser, stage: Stage) -> None:
    content = "".join(f"line {number}\n" for number in range(20_000))
    chat = stage.chat("Long")
    stage.call("turn/send", chatId=chat, text=tool("write", path="long.txt", content=content))
    shown(browser, "phone", "not shown")
    allow = "page.getByRole('button', { name: 'Allow once' })"
    assert browser.on("phone", f"return {allow}.isDisabled()")
    press(browser, "phone", "Show all of it")
    shown(browser, "phone", "+line 19999")
    press(browser, "phone", "Allow once")
    assert ended(stage, chat) == "done"
    assert (stage.home.work / "long.txt").read_text() == content


def test_hidden_characters_of_a_command_are_shown(browser: Browser, stage: Stage) -> None:
    chat = stage.chat("Hidden")
    stage.call("turn/send", chatId=chat, text=bash("echo \u202eabc\u200b"))
    shown(browser, "phone", "\\u{202e}abc\\u{200b}")
    press(browser, "phone", "Deny")
    ended(stage, chat)


def test_one_writes_stops_and_queues(browser: Browser, stage: Stage) -> None:
    chat = stage.chat("Talk")
    at(browser, "phone", chat)
    write(browser, "phone", "@text Hello from the agent")
    press(browser, "phone", "Send")
    shown(browser, "phone", "Hello from the agent")
    ended(stage, chat)
    write(browser, "phone", "@text half @hold never")
    press(browser, "phone", "Send")
    shown(browser, "phone", "half")
    write(browser, "phone", "@text later")
    press(browser, "phone", "Queue")
    shown(browser, "phone", "@text later")
    press(browser, "phone", "Remove")
    clean(browser, "phone")
    press(browser, "phone", "Stop")
    idle(browser, stage, "phone", chat)
    assert '"stopped"' in json.dumps(stage.call("chat/history", chatId=chat))


def test_images_are_added_sent_and_drawn(browser: Browser, stage: Stage) -> None:
    chat = stage.chat("Pictures")
    at(browser, "phone", chat)
    data = pictures.sent(pictures.png(1200, 900))["data"]
    browser.on(
        "phone",
        "const file = (name) => ({ name, mimeType: 'image/png', buffer: Buffer.from(args.data,"
        " 'base64') });"
        "await page.locator('input[type=file]').setInputFiles([file('one.png'), file('two.png')]);"
        "await page.getByLabel('Remove two.png').click();"
        "await page.evaluate((data) => {"
        "  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));"
        "  const given = new DataTransfer();"
        "  given.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }));"
        "  document.querySelector('textarea').dispatchEvent(new ClipboardEvent('paste',"
        "    { clipboardData: given, bubbles: true, cancelable: true }));"
        "}, args.data);"
        "await page.getByLabel('Remove pasted.png').waitFor();",
        data=data,
    )
    clean(browser, "phone")
    write(browser, "phone", "@seen")
    press(browser, "phone", "Send")
    shown(browser, "phone", "image/png")
    ended(stage, chat)
    drawn = browser.on(
        "phone",
        "const drawn = page.locator('.transcript canvas'); await drawn.nth(1).waitFor();"
        "return drawn.evaluateAll((all) =>"
        " all.map((one) => [one.width, one.height, one.ariaLabel]))",
    )
    assert [one[:2] for one in drawn] == [[240, 180]] * 2
    assert [one[2].split(", ")[0] for one in drawn] == ["one.png", "pasted.png"]
    (item,) = [one for one in stage.call("chat/history", chatId=chat)["items"] if "images" in one]
    assert [image["width"] for image in item["images"]] == [1200, 1200]


def test_a_new_chat_is_begun_and_its_level_changed(browser: Browser, stage: Stage) -> None:
    visit(browser, "phone", "new")
    browser.on("phone", "await page.getByLabel('Directory').fill(args.d)", d=str(stage.home.work))
    browser.on("phone", "await page.getByLabel('First message').fill('@text Begun here')")
    clean(browser, "phone")
    press(browser, "phone", "Start")
    shown(browser, "phone", "Begun here")
    chat = browser.on("phone", "return page.url()").rpartition("/")[2]
    toggle_settings(browser, "phone")
    browser.on("phone", "await page.locator('.settings select').selectOption('readonly')")
    browser.on("phone", "await page.locator('.facts', { hasText: 'readonly' }).waitFor()")
    assert stage.call("chat/get", chatId=chat)["chat"]["level"] == "readonly"


def test_what_an_agent_writes_does_nothing(browser: Browser, stage: Stage) -> None:
    chat = stage.chat("Hostile")
    (stage.home.work / "hostile.md").write_text(HOSTILE)
    at(browser, "phone", chat)
    quoted = json.dumps(HOSTILE)
    stage.call("turn/send", chatId=chat, text=f"@text {quoted}", literal=True)
    ended(stage, chat)
    idle(browser, stage, "phone", chat)
    code = """
        const prose = page.locator('.prose').last();
        return await prose.evaluate((node) => ({
          bad: window.bad ?? null,
          tags: [...node.querySelectorAll('script,img,iframe,form,button,style')].length,
          bidi: getComputedStyle(node).unicodeBidi,
          links: [...node.querySelectorAll('a[href]')].map((a) => a.getAttribute('href')),
        }));
    """
    found = browser.on("phone", code)
    # What turns the direction of text turns none outside.
    assert (found["bad"], found["tags"], found["bidi"]) == (None, 0, "isolate")
    assert all(link.startswith("https://") for link in found["links"])


def test_two_tabs_and_a_terminal_see_one_chat(browser: Browser, stage: Stage) -> None:
    pair(browser, stage, "tablet", "Tablet", right="watch")
    chat = stage.chat("Shared")
    at(browser, "phone", chat)
    at(browser, "tablet", chat)
    stage.call("turn/send", chatId=chat, text=bash("touch shared"))
    for name in ("phone", "tablet"):
        shown(browser, name, "touch shared")
    shown(browser, "tablet", "This device may only watch.")
    (asked,) = stage.call("permission/list", chatId=chat)["permissions"]
    stage.call("permission/decide", permissionId=asked["id"], decision="allow")
    for name in ("phone", "tablet"):
        gone = "await page.locator('.card').waitFor({ state: 'detached' })"
        browser.on(name, gone)


def test_the_daemon_is_killed_under_it(browser: Browser, stage: Stage) -> None:
    chat = stage.chat("Survivor")
    at(browser, "phone", chat)
    said = "await page.locator('.entry.message', { hasText: args.text }).waitFor()"
    stage.call("turn/send", chatId=chat, text="@text before")
    browser.on("phone", said, text="before")
    stage.restart()
    stage.call("turn/send", chatId=chat, text="@text after")
    browser.on("phone", said, text="after")
    messages = "return page.locator('.entry.message').allInnerTexts()"
    assert browser.on("phone", messages) == ["before", "after"]


def test_offline_it_says_so_and_comes_back(browser: Browser, stage: Stage) -> None:
    chat = stage.chat("Tunnel")
    at(browser, "phone", chat)
    browser.on("phone", "await page.evaluate(() => navigator.serviceWorker.ready)")
    browser.on("phone", "await page.context().setOffline(true)")
    shown(browser, "phone", "Offline")
    stage.call("turn/send", chatId=chat, text="@text meanwhile")
    ended(stage, chat)
    browser.on("phone", "await page.reload()")
    shown(browser, "phone", "Offline")
    browser.on("phone", "await page.context().setOffline(false)")
    shown(browser, "phone", "meanwhile")


def test_it_fits_the_width_and_every_page_is_accessible(browser: Browser, stage: Stage) -> None:
    for page in ("inbox", "chats", "new", "more"):
        visit(browser, "phone", page)
        browser.on("phone", "await page.locator('h1').first().waitFor()")
        wide = "return page.evaluate(() => document.documentElement.scrollWidth)"
        assert browser.on("phone", wide) <= 360, page
        for scheme in ("light", "dark"):
            browser.on("phone", f"await page.emulateMedia({{ colorScheme: '{scheme}' }})")
            clean(browser, "phone")


def test_a_revoked_device_is_told(browser: Browser, stage: Stage) -> None:
    pair(browser, stage, "lost", "Lost")
    devices = stage.call("device/list")["devices"]
    (lost,) = [one for one in devices if one["name"] == "Lost"]
    stage.call("device/revoke", deviceId=lost["id"])
    shown(browser, "lost", "This browser is not paired.")
    browser.on("lost", "await page.reload()")
    shown(browser, "lost", "This browser is not paired.")


def test_it_is_in_no_frame(browser: Browser, stage: Stage) -> None:
    code = """
        const context = await kept.browser.newContext();
        const page = await context.newPage();
        await page.goto(args.url);
        const shown = page.frames()[1].url();
        await context.close();
        return shown;
    """
    page = f'<iframe src="{stage.url}/"></iframe>'.encode()
    with serving(answering(200, page, **{"Content-Type": "text/html"})) as url:
        assert browser.run(code, url=url) == "chrome-error://chromewebdata/"


def test_the_code_of_a_link_is_in_one_request_and_no_address(
    browser: Browser, stage: Stage
) -> None:
    link = stage.link(name="Traced")
    watch = """
        const context = await kept.browser.newContext();
        const page = await context.newPage();
        const asked = [];
        page.on("request", (one) => asked.push(one));
        await page.goto(args.url);
        await page.getByRole("heading", { name: "Inbox" }).waitFor();
        const told = [];
        for (const one of asked) {
          const head = [one.url(), ...Object.values(await one.allHeaders())];
          told.push([new URL(one.url()).pathname, head.join(" "), one.postData() ?? ""]);
        }
        const here = [page.url(), await page.evaluate(() => history.length)];
        await context.close();
        return [told, here];
    """
    told, (address, length) = browser.run(watch, url=link)
    code = link.rpartition("=")[2]
    assert [path for path, _, body in told if code in body] == ["/pair"]
    assert [head for _, head, _ in told if code in head] == []
    assert code not in address
    # There is nothing to go back to.
    assert length <= 2
