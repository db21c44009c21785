"""Errors of Codex, in plain sentences."""

import msgspec
import pytest

from claudetted.harnesses.codex import trouble
from claudetted.harnesses.codex.vendor import TurnError


@pytest.mark.parametrize(
    ("message", "info", "said"),
    [
        (
            "unexpected status 401 Unauthorized: No such key, url: http://x/v1/responses",
            {"httpConnectionFailed": {"httpStatusCode": 401}},
            "No such key (401). Sign in again: /login codex, or in a shell "
            "`claudette provider login codex`; then /retry.",
        ),
        ('{"error": {"message": "No such\\nthing"}}', "other", "No such thing"),
        ("Slow down.", "usageLimitExceeded", "Slow down. The account's limit is reached: wait, "
         "or choose another model."),
        ("No model x", "modelNotFound", "No model x. Choose another model: claudette model"),
    ],
)  # fmt: skip
def test_an_error_is_one_plain_sentence(message: str, info: object, said: str) -> None:
    raw = msgspec.Raw(msgspec.json.encode(info))
    assert trouble.turn_failed(TurnError(message, codex_error_info=raw)) == said


def test_a_session_in_use_elsewhere_says_what_to_do() -> None:
    assert "close it there" in trouble.resume_failed("t", "thread already has an active writer")
