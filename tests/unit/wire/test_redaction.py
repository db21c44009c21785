"""What is written down for people holds no secret, whatever it is called and wherever it is."""

import json
from typing import Any

import pytest

from claudetted.wire.redaction import REDACTED, redact, redact_line

SECRET = "hunter2-open-sesame"


@pytest.mark.parametrize(
    "message",
    [
        {"method": "provider/setKey", "params": {"provider": "x", "key": SECRET}},
        {"method": "backend/set", "params": {"backend": "x", "apiKey": SECRET}},
        {"method": "login/answer", "params": {"loginId": "l", "value": SECRET}},
        {"method": "question/answer", "params": {"questionId": "q", "value": SECRET}},
        {"method": "chat/create", "params": {"cwd": "/", "env": {"ANYTHING": SECRET}}},
        {"method": "provider/environment", "params": {"env": {"MISTRAL_API_KEY": SECRET}}},
        [{"method": "x", "params": {"deep": [{"access_token": SECRET}]}}],
        {"result": {"text": f"export API_KEY={SECRET}"}},
    ],
)
def test_a_secret_is_taken_out_of_a_line(message: Any) -> None:
    shown = json.dumps(redact_line(json.dumps(message).encode()))
    assert SECRET not in shown
    assert REDACTED in shown


def test_the_rest_of_a_line_stays() -> None:
    message = {"id": 1, "method": "turn/send", "params": {"chatId": "c", "text": "fix monkeys"}}
    assert redact_line(json.dumps(message).encode()) == message


def test_what_is_no_json_is_shown_as_text() -> None:
    assert redact_line(b"\xff token=abc") == f"\ufffd token={REDACTED}"


def test_a_key_in_a_text_is_known_by_its_look() -> None:
    assert redact("with sk-abcdefgh1234 in it") == f"with {REDACTED} in it"
