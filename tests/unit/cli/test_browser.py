"""A page is opened where a person sits in front of a screen, and not from afar."""

import sys
import webbrowser

import pytest

from claudette_cli import browser

PAGE = "https://github.com/login/device"
NAMES = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Somebody sits at a terminal, with a screen."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(browser, "attended", lambda: True)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    pages: list[str] = []

    def open_page(page: str) -> bool:
        pages.append(page)
        return True

    monkeypatch.setattr(webbrowser, "open", open_page)
    return pages


def test_a_page_is_opened(opened: list[str]) -> None:
    assert browser.open_page(PAGE)
    assert opened == [PAGE]


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"])
def test_not_from_afar(opened: list[str], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "10.0.0.1")
    assert not browser.open_page(PAGE)
    assert opened == []


def test_not_without_a_screen(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    assert not browser.open_page(PAGE)
    monkeypatch.setenv("BROWSER", "my-browser")
    assert browser.open_page(PAGE)


def test_not_in_a_script(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "attended", lambda: False)
    assert not browser.open_page(PAGE)


@pytest.mark.parametrize("page", ["file:///etc/passwd", "javascript:alert(1)", "--help", ""])
def test_nothing_but_a_page(opened: list[str], page: str) -> None:
    assert not browser.open_page(page)
    assert opened == []
