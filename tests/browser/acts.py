"""Owns what a person does on the page, and looks for there."""

from tests.browser.conftest import Browser, Stage


def pair(browser: Browser, stage: Stage, name: str, device: str, **params: str) -> None:
    """Opens the link on a telephone; returns when it is in."""
    link = stage.link(name=device, **params)
    browser.run("await kept.phone(args.page, args.url)", page=name, url=link)
    browser.on(name, "await page.getByRole('heading', { name: 'Inbox' }).waitFor()")


def visit(browser: Browser, name: str, place: str) -> None:
    browser.on(name, "await page.evaluate((h) => { location.hash = h }, args.h)", h=f"#/{place}")


def at(browser: Browser, name: str, chat: str) -> None:
    visit(browser, name, f"chat/{chat}")
    code = "await page.locator(`[data-chat='${args.chat}'] .transcript`).waitFor()"
    browser.on(name, code, chat=chat)


def toggle_settings(browser: Browser, name: str) -> None:
    """Of the chat that is open: its model and level."""
    browser.on(name, "await page.locator('.facts button').click()")


def press(browser: Browser, name: str, button: str) -> None:
    code = "await page.getByRole('button', { name: args.button, exact: true }).click()"
    browser.on(name, code, button=button)


def write(browser: Browser, name: str, text: str) -> None:
    browser.on(name, "await page.getByLabel('Message', { exact: true }).fill(args.text)", text=text)


def shown(browser: Browser, name: str, text: str) -> None:
    browser.on(name, "await page.getByText(args.text).first().waitFor()", text=text)


def ended(stage: Stage, chat: str) -> str:
    return str(stage.call("turn/wait", chatId=chat)["turn"]["reason"])


def idle(browser: Browser, stage: Stage, name: str, chat: str) -> None:
    """Returns when the page shows that the chat has ended its turn, and so all of it. A page that
    has not heard of the turn yet shows that nothing runs, too, but no item of it."""
    last = stage.call("chat/history", chatId=chat)["items"][-1]["id"]
    code = """
        await page.locator(`.entry[data-id='${args.item}']`).waitFor();
        await page.locator('.status.idle').waitFor();
    """
    browser.on(name, code, item=last)


def clean(browser: Browser, name: str, *rules: str) -> None:
    """No violation of the rules of accessibility that axe knows, or of those that are named."""
    code = "return kept.broken(page, args.rules)"
    found = browser.on(name, code, rules=rules or ["wcag2a", "wcag2aa", "best-practice"])
    assert found == [], found


def hold_answer(browser: Browser, name: str, method: str) -> None:
    """The page gets the next answer to this method when it is let go. It connects anew for that;
    `visit` and the like begin what asks."""
    code = """
        await page.evaluate((method) => {
          const { send } = WebSocket.prototype;
          const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
          const held = new Promise((came) => { window.came = came; });
          window.held = held;
          window.taken = [];
          let wanted = null;
          WebSocket.prototype.send = function (text) {
            const asked = JSON.parse(text);
            if (asked.method === method) wanted ??= asked.id;
            return send.call(this, text);
          };
          Object.defineProperty(WebSocket.prototype, 'onmessage', { set(take) {
            set.call(this, (message) => {
              const told = JSON.parse(message.data);
              if (!told.method && told.id === wanted) window.came(() => take(message));
              else take(message);
              window.taken.push(told.params?.subject);
            });
          } });
          dispatchEvent(new Event('offline'));
          dispatchEvent(new Event('online'));
        }, args.method);
    """
    browser.on(name, code, method=method)


def until_held(browser: Browser, name: str) -> None:
    browser.on(name, "await page.evaluate(async () => { window.letGo = await window.held; })")


def let_go(browser: Browser, name: str) -> None:
    browser.on(name, "await page.evaluate(() => window.letGo())")
