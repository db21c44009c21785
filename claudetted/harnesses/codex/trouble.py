"""Owns what goes wrong with Codex, each in one plain sentence that says what to do."""

import re

import msgspec

from claudetted.harnesses.adapter import VendorEnd
from claudetted.harnesses.codex import TESTED
from claudetted.harnesses.codex.vendor import TurnError

SIGN_IN = "claudette provider login codex"
_HOW = f"/login codex, or in a shell `{SIGN_IN}`; then /retry."
SIGNED_OUT = f"Codex is not signed in: {_HOW}"
NOT_ASKING = (
    "This Codex does not ask before each call as it was tested to do, so it runs at the level full "
    f"only: install the version that was tested ({TESTED}), or set that level."
)
_POLICY = "approval_policy"
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_CUT_URL = re.compile(r",? ?url: \S+")
_STATUS = re.compile(r"^unexpected status (\d+)[^:]*: ")


def untested(version: str) -> str:
    if version.startswith(f"{TESTED}."):
        return ""
    return f"Codex {version} was not tested with this claudetted; {TESTED} was."


def start_failed(end: VendorEnd) -> str:
    """Its program ended before it was ready."""
    if end.error:
        return f"Codex could not be started: {end.error}."
    told = _ESCAPES.sub("", end.stderr)
    last = [line.strip() for line in told.splitlines() if line.strip()]
    if _POLICY in told and "no longer supported" in told:
        return (
            "Codex refuses its own configuration: remove the line `approval_policy = …` from "
            "config.toml in ~/.codex; claudetted asks for every call without it."
        )
    errors = [line for line in last if line.lower().startswith("error")] or last[-1:]
    why = errors[0].removeprefix("Error: ").rstrip(".") if errors else f"exit code {end.code}"
    return f"Codex ended when it was started: {why}. Run `codex` in a terminal to see it work."


def last_words(end: VendorEnd) -> str:
    """Of a program that ended in a session."""
    if end.code < 0:
        return f"Codex was ended by signal {-end.code}."
    told = [line.strip() for line in _ESCAPES.sub("", end.stderr).splitlines() if line.strip()]
    return f"Codex ended with exit code {end.code}: {told[-1] if told else 'it said nothing'}"


def unreadable(message: str) -> str:
    what = message.removeprefix("failed to read configuration layers: ").rstrip(".")
    return f"Codex cannot read its configuration ({what}): correct it, then send the message again."


def start_hangs(seconds: float) -> str:
    return (
        f"Codex did not answer within {seconds:.0f} s of its start: run `codex` in a terminal to "
        "see why, then send the message again."
    )


def resume_failed(thread: str, why: str) -> str:
    if "active writer" in why:
        return (
            f"Codex's session {thread} is in use by another program: close it there, then send "
            "the message again."
        )
    return (
        f"Codex cannot go on with its session {thread} ({why.rstrip('.')}): reset the chat to "
        "begin a new one; what was said stays readable."
    )


def is_of_sign_in(error: TurnError) -> bool:
    """No later attempt changes it."""
    info = _info(error)
    return "unauthorized" in info or "401" in info


def turn_failed(error: TurnError | None, served: str = "") -> str:
    """What a turn or an attempt failed of. `served` names the server whose model it was, if not
    OpenAI's own."""
    if error is None:
        return "Codex ended the turn and did not say why: retry it."
    info = _info(error)
    text = _plain(error.additional_details or error.message)
    if is_of_sign_in(error):
        how = f"Check the key of {served}" if served else f"Sign in again: {_HOW.rstrip('.')}"
        return f"{text.rstrip('.')}. {how}."
    if "404" in info:
        return f"{text}: Codex needs a server that speaks OpenAI's Responses; Pi needs less."
    if "usageLimitExceeded" in info:
        return f"{text.rstrip('.')}. The account's limit is reached: wait, or choose another model."
    if "modelNotFound" in info:
        return f"{text.rstrip('.')}. Choose another model: claudette model"
    if "contextWindowExceeded" in info:
        return f"{text.rstrip('.')}. Compact the chat, then retry."
    return text


def _info(error: TurnError) -> str:
    return str(msgspec.json.decode(error.codex_error_info))


def _plain(text: str) -> str:
    """Without JSON around it, addresses and line ends; a status comes last."""
    text = _CUT_URL.sub("", text)
    found = _STATUS.match(text)
    text = text[found.end() :] if found else text
    if text.lstrip().startswith("{"):
        text = _message_in(text)
    text = " ".join(text.split())
    return f"{text} ({found.group(1)})" if found else text


def _message_in(text: str) -> str:
    try:
        told = msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return text.translate({ord("{"): None, ord("}"): None})
    error = told.get("error", told) if isinstance(told, dict) else told
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)
