"""How the page looks on a telephone of 360 x 740, light and dark: nothing sticks out or is covered,
and each picture is roughly the one that a person has looked at.

PAGE_PICTURES=tests/browser/pictures.json takes those anew, after a change that is meant.
"""

import json
from collections.abc import Iterator
from pathlib import Path

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
from tests.support.isolation import outer

pytestmark = pytest.mark.xdist_group("browser")

GOLDEN = Path(__file__).parent / "pictures.json"
COLUMNS, ROWS = 9, 18
FARTHEST = 40
"""Between a tile and the one before, out of 255: fonts and the lengths of paths differ."""
MEAN = 6.0
LONG = (
    "find . -name '*.py' -not -path './.venv/*' -print0 | "
    "xargs -0 sed -i 's/assertEquals/assertEqual/g' && git commit -am 'Rename what is deprecated' "
    "&& ./deploy --everything --now --without-asking"
)
ANSWER = """## Result

I changed **two** files:

| file | what |
|---|---|
| `src/average.py` | handles an empty list without raising a ZeroDivisionError |

1. First, `average([])` is `0`.
2. Then a [link](https://example.com/a).

```python
def average(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0
```
"""


@pytest.fixture(scope="module")
def pictures() -> Iterator[dict[str, list[int]]]:
    """Those of before; where they are taken anew, they are written at the end."""
    known: dict[str, list[int]] = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    anew = outer.get("PAGE_PICTURES")
    taken: dict[str, list[int]] = {}
    yield taken if anew else known
    if anew:
        rows = (f"{json.dumps(name)}: {json.dumps(tiles)}" for name, tiles in taken.items())
        Path(anew).write_text("{\n" + ",\n".join(rows) + "\n}\n")


@pytest.fixture
def looks(browser: Browser, pictures: dict[str, list[int]]) -> "Looks":
    browser.faults()
    return Looks(browser, pictures)


class Looks:
    def __init__(self, browser: Browser, pictures: dict[str, list[int]]) -> None:
        self._browser = browser
        self._pictures = pictures

    def as_before(self, page: str, name: str) -> None:
        for scheme in ("light", "dark"):
            media = "await page.emulateMedia({ colorScheme: args.scheme })"
            self._browser.on(page, media, scheme=scheme)
            assert self._browser.on(page, "return kept.unusable(page)") == []
            clean(self._browser, page, *(["color-contrast"] if scheme == "dark" else []))
            tiles = f"return kept.tiles(page, {COLUMNS}, {ROWS})"
            seen: list[int] = self._browser.on(page, tiles)
            before = self._pictures.setdefault(f"{name} {scheme}", seen)
            apart = [abs(one - other) for one, other in zip(seen, before, strict=True)]
            assert max(apart) <= FARTHEST and sum(apart) / len(apart) <= MEAN, (name, scheme, apart)
        assert self._browser.faults() == []


def test_what_waits_looks_as_before(browser: Browser, stage: Stage, looks: Looks) -> None:
    browser.run("await kept.phone('new', args.url)", url=stage.url)
    shown(browser, "new", "This browser is not paired.")
    looks.as_before("new", "unpaired")
    pair(browser, stage, "look", "Telephone")
    shown(browser, "look", "Nothing waits for you.")
    looks.as_before("look", "empty inbox")
    chat = stage.chat("Fix the average")
    content = "def average(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0.0\n"
    stage.call("turn/send", chatId=chat, text=tool("write", path="average.py", content=content))
    shown(browser, "look", "Make this change?")
    looks.as_before("look", "change")
    press(browser, "look", "Deny with a reason")
    looks.as_before("look", "reason")
    press(browser, "look", "Back")
    press(browser, "look", "Deny")
    ended(stage, chat)
    chat = stage.chat("A title that is much longer than what a telephone shows of one in two lines")
    stage.call("turn/send", chatId=chat, text=bash(LONG))
    at(browser, "look", chat)
    shown(browser, "look", "Run this command?")
    looks.as_before("look", "long command")
    press(browser, "look", "Stop")
    ended(stage, chat)


def test_a_chat_looks_as_before(browser: Browser, stage: Stage, looks: Looks) -> None:
    pair(browser, stage, "look", "Telephone")
    chat = stage.chat("Explain", level="full")
    at(browser, "look", chat)
    stage.call("turn/send", chatId=chat, text=f"{bash('exit 3')} @then @text {ANSWER}")
    assert ended(stage, chat) == "done"
    idle(browser, stage, "look", chat)
    looks.as_before("look", "answer")
    stage.call("turn/send", chatId=chat, text="@text at work @hold never")
    browser.on("look", "await page.locator('.entry.message', { hasText: 'at work' }).waitFor()")
    write(browser, "look", "@text something to do afterwards, in more words than one line has")
    press(browser, "look", "Queue")
    shown(browser, "look", "Remove")
    looks.as_before("look", "running")
    toggle_settings(browser, "look")
    shown(browser, "look", "Search models")
    shown(browser, "look", "Show all models")
    looks.as_before("look", "model and level")
    toggle_settings(browser, "look")
    browser.on("look", "await page.context().setOffline(true)")
    shown(browser, "look", "Offline")
    write(browser, "look", "too late")
    press(browser, "look", "Queue")
    shown(browser, "look", "this was not done")
    looks.as_before("look", "offline")
    browser.on("look", "await page.context().setOffline(false)")
    visit(browser, "look", "inbox")
