"""Short forms of numbers and times."""

import pytest

from claudette_cli.rendering import figures

NOON = 1_767_268_800.0


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("2026-01-01T12:00:00.000Z", "just now"),
        ("2026-01-01T11:58:59.000Z", "1 min ago"),
        ("2026-01-01T09:00:00.000Z", "3 h ago"),
        ("2025-12-30T11:00:00.000Z", "2 d ago"),
        ("", ""),
    ],
)
def test_ago(then: str, expected: str) -> None:
    assert figures.ago(then, NOON) == expected


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"used": 136_000, "window": 272_000}, "context 50% of 272k"),
        ({"used": 163_200, "window": 272_000}, "context 60% of 272k, filling"),
        ({"used": 80, "window": 100}, "context 80% of 100, nearly full"),
        ({"used": 90, "window": 100}, "context 90% of 100, critical"),
        ({"used": 3_000_000, "window": 272_000}, "context 1103% of 272k, critical"),
        ({"used": None, "window": 272_000}, "context ? of 272k"),
        ({"used": 1234, "window": None}, "context 1.2k"),
        ({}, ""),
    ],
)
def test_the_meter_shows_how_full_the_context_is(
    context: dict[str, int | None], expected: str
) -> None:
    assert figures.meter(context) == expected


@pytest.mark.parametrize(
    ("used", "expected"),
    [(0, ""), (1, "▰" + "▱" * 9), (50, "▰" * 5 + "▱" * 5), (100, "▰" * 10), (900, "▰" * 10)],
)
def test_the_bar_is_full_at_most(used: int, expected: str) -> None:
    assert figures.gauge({"used": used, "window": 100}) == expected
    assert figures.gauge({"used": used}) == ""


def test_what_a_turn_cost() -> None:
    usage = {"input": 1000, "cacheRead": 500, "output": 56, "costUsd": 0.00123}
    assert figures.spent({**usage, "costSource": "provider"}) == "1.5k in, 56 out, $0.0012"
    assert figures.spent({**usage, "costSource": "catalogue"}) == "1.5k in, 56 out, ≈ $0.0012"
    assert figures.spent({}) == ""
    assert figures.money(12.3) == "$12.30"


@pytest.mark.parametrize(
    ("milliseconds", "expected"), [(900, "0.9 s"), (59_000, "59 s"), (61_000, "1 min 1 s")]
)
def test_durations(milliseconds: int, expected: str) -> None:
    assert figures.duration(milliseconds) == expected


@pytest.mark.parametrize(
    ("count", "expected"), [(10, "10 B"), (2048, "2 KiB"), (3 << 20, "3.0 MiB")]
)
def test_sizes(count: int, expected: str) -> None:
    assert figures.size(count) == expected
