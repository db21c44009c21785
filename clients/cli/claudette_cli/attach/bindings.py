"""Owns which key does what on the screen."""

from __future__ import annotations

from functools import partial

from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from claudette_cli.attach import entry, suspending
from claudette_cli.rendering import cards

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claudette_cli.attach.screen import Screen

    Json = dict[str, Any]


def bindings(screen: Screen) -> KeyBindings:
    """Those that do more than change what is typed."""

    def waiting() -> Json | None:
        return screen.picture.permission if screen.picture else None

    def several_wait() -> bool:
        return screen.picture is not None and screen.picture.waiting > 1

    def offers(key: str) -> bool:
        permission = waiting()
        return permission is not None and cards.scope_of(permission, key) is not None

    def allow(key: str, _: KeyPressEvent) -> None:
        scope, _words = cards.SCOPE_KEYS[key]
        screen.press(key, partial(screen.seated.decide, "allow", scope=scope))

    keys = KeyBindings()
    typing = ~is_searching
    card = Condition(screen.card_takes_keys) & typing
    pressed = Condition(screen.is_pressed)

    for key in cards.SCOPE_KEYS:
        keys.add(key, filter=card & Condition(partial(offers, key)))(partial(allow, key))

    @keys.add(cards.ALL, filter=card & Condition(several_wait))
    def _allow_all(_: KeyPressEvent) -> None:
        screen.seated.allow_all()

    @keys.add("d", filter=card)
    def _deny(_: KeyPressEvent) -> None:
        screen.press("d", partial(screen.seated.decide, "deny"))

    @keys.add(cards.VIEW, filter=card)
    def _view(_: KeyPressEvent) -> None:
        screen.seated.view()

    @keys.add("r", filter=card)
    def _reason(_: KeyPressEvent) -> None:
        assert screen.picture and screen.picture.permission
        deny = partial(screen.seated.decide, "deny")
        screen.enter(entry.reason(screen.picture.permission, deny))

    @keys.add(Keys.Any, filter=pressed)
    @keys.add(Keys.BracketedPaste, filter=pressed, eager=True)
    def _letter(event: KeyPressEvent) -> None:
        screen.take_back(event.data)

    @keys.add("enter", filter=pressed, eager=True)
    @keys.add("escape", filter=pressed, eager=True)
    @keys.add("backspace", filter=pressed, eager=True)
    @keys.add("c-c", filter=pressed, eager=True)
    def _nothing(_: KeyPressEvent) -> None:
        screen.take_back("")

    @keys.add("tab")
    def _complete(_: KeyPressEvent) -> None:
        if screen.line.complete_state:
            screen.line.complete_next()
        elif not screen.offered.known:
            screen.tabbed = screen.line.text
        else:
            screen.line.start_completion(insert_common_part=True)

    @keys.add("enter", filter=typing)
    def _enter(_: KeyPressEvent) -> None:
        screen.enter_line()

    @keys.add("escape", filter=typing)
    def _escape(_: KeyPressEvent) -> None:
        if screen.entry is not None:
            screen.leave_entry()
        else:
            screen.seated.stop()

    @keys.add("c-o")
    def _unfold(_: KeyPressEvent) -> None:
        screen.seated.unfold()

    @keys.add("c-g", filter=typing)
    def _switch(_: KeyPressEvent) -> None:
        screen.seated.go_on_to("")

    @keys.add("c-z")
    def _suspend(_: KeyPressEvent) -> None:
        suspending.suspend()

    @keys.add("c-c", filter=typing)
    @keys.add("<sigint>")
    def _interrupt(_: KeyPressEvent) -> None:
        if screen.entry is not None or screen.line.text:
            screen.clear()
        else:
            screen.leave()

    @keys.add("c-d", filter=Condition(lambda: not screen.line.text))
    def _detach(_: KeyPressEvent) -> None:
        screen.leave()

    return keys
