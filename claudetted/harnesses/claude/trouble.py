"""Owns what goes wrong with Claude Code, as one plain sentence that says what to do. Pure."""

import re
import time
from typing import Any

from claudetted.harnesses.adapter import VendorEnd
from claudetted.harnesses.claude.frames import Frame, RateLimit
from claudetted.protocol.sidecar import LineError

SIGN_IN = "claude auth login"
_HOW = f"/login claude, or in a shell `{SIGN_IN}`; then /retry."
OLDEST = (2, 1, 0)
TESTED = "2.1.332"
_API = re.compile(r"API Error:? *(?:\(?(\d{3})\)?)?[ :]*(.*)", re.DOTALL)
_WINDOWS = {
    "five_hour": "the current five hours",
    "seven_day": "this week",
    "seven_day_opus": "Opus this week",
    "seven_day_sonnet": "Sonnet this week",
}


def failed(end: VendorEnd, said: str) -> LineError:
    """It could not be started, or ended in its start."""
    if end.error:
        message = (
            f"Claude Code cannot be started: {_flat(end.error)}. Install it again, or correct PATH."
        )
    elif "No conversation found" in said + end.stderr:
        message = (
            "Claude Code does not find its session any more. `claudette reset` begins a new one; "
            "what was said stays readable."
        )
    elif "already in use" in said + end.stderr:
        message = "Another process of Claude Code uses this session: end that, then try again."
    else:
        why = _flat(said or _last(end.stderr)) or f"exit code {end.code}"
        message = (
            f"Claude Code ended while it started ({why.rstrip('.')}). Run `claude` in a terminal "
            "to see more, then try again."
        )
    return LineError("HarnessFailed", message)


def hangs(seconds: float) -> LineError:
    message = (
        f"Claude Code did not answer within {seconds:.0f} s and was ended. Run `claude` in a "
        "terminal to see what it waits for, then try again."
    )
    return LineError("HarnessFailed", message)


def died(end: VendorEnd) -> str:
    how = f"signal {-end.code}" if end.code < 0 else f"exit code {end.code}"
    said = _flat(_last(end.stderr))
    return f"Claude Code ended unexpectedly ({how}).{' ' + said if said else ''}"


def too_old(version: str) -> LineError | None:
    if parsed(version) >= OLDEST or not parsed(version):
        return None
    wanted = ".".join(map(str, OLDEST))
    message = f"Claude Code {version} is too old; {wanted} or newer is needed: claude update"
    return LineError("HarnessMissing", message, {"harness": "claude"})


def ungated() -> LineError:
    message = (
        "This Claude Code does not let every call be asked about first, so nothing is run with it. "
        f"Install the tested version: npm install -g @anthropic-ai/claude-code@{TESTED}"
    )
    return LineError("HarnessFailed", message)


def parsed(version: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else ()


def of_turn(kind: Any, status: int | None, text: str, model: str, served: str) -> str:
    """Why a turn failed. `served` names the server whose model it was, if not Anthropic's."""
    status, told = _unwrapped(status, text)
    where = f" (HTTP {status})" if status else ""
    lower = f"{kind} {text}".lower()
    if "not logged in" in lower or "please run /login" in lower or kind == "authentication_failed":
        return _sign_in(told, where, served)
    if kind == "model_not_found":
        who = served or "Claude Code"
        return f"{who} has no model {model}{where}. Choose another: claudette model"
    if kind == "billing_error":
        return f"{told}{where}. See your plan and credit at claude.ai or in the console."
    if "prompt is too long" in lower:
        return f"The conversation is too long for the model{where}: /compact it, then retry."
    return f"{told or 'Claude Code told no reason'}{where}"


def _sign_in(told: str, where: str, served: str) -> str:
    if served:
        return f"{told}{where}. Check the key of {served}: claudette backend list"
    if not where:
        return f"Claude Code is not signed in: {_HOW}"
    return f"{told}{where}. Sign in again: {_HOW}"


def retry(frame: Frame) -> str:
    what = f"HTTP {frame.error_status}" if frame.error_status else "no connection"
    kind = str(frame.error or "").replace("_", " ")
    named = f", {kind}" if kind and kind != "unknown" else ""
    seconds = frame.retry_delay_ms / 1000
    return (
        f"The model did not answer ({what}{named}); attempt {frame.attempt} of "
        f"{frame.max_retries} follows in {seconds:.0f} s."
    )


def limit(info: RateLimit) -> str:
    """Nothing while all is well."""
    window = _WINDOWS.get(info.rateLimitType or "", "now")
    resets = ""
    if info.resetsAt:
        resets = time.strftime("; it resets at %H:%M UTC on %d %B", time.gmtime(info.resetsAt))
    if info.status == "rejected":
        return f"Your Claude plan's limit for {window} is reached{resets}."
    if info.status == "allowed_warning":
        share = f"{info.utilization:.0%}" if info.utilization else "most"
        return f"You have used {share} of your Claude plan's limit for {window}{resets}."
    return ""


def _unwrapped(status: int | None, text: str) -> tuple[int | None, str]:
    found = _API.search(text)
    if not found:
        return status, _flat(text).rstrip(".")
    code, told = found.groups()
    return status or (int(code) if code else None), _flat(told).rstrip(".")


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _flat(text: str) -> str:
    return re.sub(r"[\s{}]+", " ", text).strip()[:500]
