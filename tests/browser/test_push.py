"""Web Push in a real browser, as far as it goes without the push service of its vendor."""

import json
from typing import Any

import pytest

from tests.browser.acts import pair, press, shown, visit
from tests.browser.conftest import Browser, Stage
from tests.fakes.push_service import Browser as Subscriber

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.usefixtures("no_faults")]

SUBSCRIBES = """
    await page.context().grantPermissions(['notifications']);
    await page.evaluate((subscription) => {
      const { endpoint, ...keys } = subscription;
      const held = { toJSON: () => ({ endpoint, keys }), unsubscribe: async () => true };
      PushManager.prototype.subscribe = async (options) => {
        window.asked = { key: options.applicationServerKey, seen: options.userVisibleOnly };
        return held;
      };
    }, args.subscription);
"""
DELIVERS = """
    const devtools = await page.context().newCDPSession(page);
    const found = new Promise((resolve) => {
      devtools.on('ServiceWorker.workerRegistrationUpdated', (told) => {
        if (told.registrations.length) resolve(told.registrations[0].registrationId);
      });
    });
    await devtools.send('ServiceWorker.enable');
    const origin = new URL(page.url()).origin;
    const message = { origin, registrationId: await found, data: args.data };
    await devtools.send('ServiceWorker.deliverPushMessage', message);
    await page.waitForFunction(async (body) => {
      const shown = await (await navigator.serviceWorker.ready).getNotifications();
      return shown.some((one) => one.body === body);
    }, args.body);
    await devtools.detach();
    return page.evaluate(async () => {
      const shown = await (await navigator.serviceWorker.ready).getNotifications();
      return shown.map((one) => [one.title, one.body, one.tag, one.silent]);
    });
"""


def test_a_device_subscribes_and_shows_what_it_is_told(browser: Browser, stage: Stage) -> None:
    pair(browser, stage, "told", "Told", right="watch")
    subscription = Subscriber("https://push.invalid/a").subscription
    browser.on("told", SUBSCRIBES, subscription=subscription)
    visit(browser, "told", "more")
    press(browser, "told", "Notify this device")
    shown(browser, "told", "Notify this device no more")
    asked = browser.on("told", "return page.evaluate(() => window.asked)")
    assert asked == {"key": stage.call("device/pushKey")["key"], "seen": True}
    assert notified(stage)

    def told(words: str, body: str) -> Any:
        data = json.dumps({"chatId": "c1", "title": "Fix it", "words": words})
        return browser.on("told", DELIVERS, data=data, body=body)

    asks, nobody = "The agent asks for permission.", "Nobody is needed any more."
    assert told(asks, asks) == [["Fix it", asks, "c1", False]]
    assert told("", nobody) == [["Fix it", nobody, "c1", True]]
    press(browser, "told", "Notify this device no more")
    again = "page.getByRole('button', { name: 'Notify this device', exact: true })"
    browser.on("told", f"await {again}.waitFor()")
    assert not notified(stage)


def notified(stage: Stage) -> bool:
    devices = stage.call("device/list")["devices"]
    return any(one["name"] == "Told" and one.get("notified") for one in devices)
