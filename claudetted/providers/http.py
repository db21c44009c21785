"""Owns HTTP: the one door to it. Every request has a deadline and every failure a sentence."""

import ipaddress
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import trio

if TYPE_CHECKING:
    import httpx

SECONDS = 10.0
MOST_BYTES = 8 * 1024 * 1024

# It would log whole addresses.
logging.getLogger("httpx").setLevel(logging.WARNING)


class HttpFailed(Exception):
    """No usable answer. The message is a sentence for a person and holds no secret; `status` is
    that of the answer, if there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


async def fetch_json(
    url: str, *, key: str = "", body: object = None, seconds: float = SECONDS
) -> Any:
    """What a server answers, read from JSON; with a `body` the request is a POST.

    The key goes to that server alone: redirections are not followed. Raises HttpFailed.
    """
    place = _without_secrets(url)
    if not (key.isascii() and key.isprintable()):
        # The refusal of such a header would name it.
        raise HttpFailed(f"The key for {place} holds characters that no key has.")
    with trio.move_on_after(seconds):
        return _decoded(await _answer(url, place, key, body), place)
    raise HttpFailed(f"{place} did not answer within {seconds:g} s.")


async def _answer(url: str, place: str, key: str, body: object) -> bytes:
    # Imported when it is first needed: most daemons never ask anybody, and it takes its time.
    client = await trio.to_thread.run_sync(_client, url, abandon_on_cancel=True)
    import httpx

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    method = "GET" if body is None else "POST"
    try:
        async with client, client.stream(method, url, headers=headers, json=body) as answer:
            if answer.status_code != httpx.codes.OK:
                raise HttpFailed(f"{place} answered {answer.status_code}.", answer.status_code)
            return await _whole(answer, place)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as fault:
        raise HttpFailed(f"{place} cannot be reached: {_why(fault)}.") from None


def _client(url: str) -> "httpx.AsyncClient":
    import httpx

    # What runs on this machine is not asked for through a proxy.
    return httpx.AsyncClient(timeout=None, follow_redirects=False, trust_env=not _is_local(url))


async def _whole(answer: "httpx.Response", place: str) -> bytes:
    """To its end, however far that is: the deadline is the limit, and not all of it is held."""
    whole = bytearray()
    async for chunk in answer.aiter_bytes():
        whole += chunk[: MOST_BYTES + 1 - len(whole)]
    if len(whole) > MOST_BYTES:
        raise HttpFailed(f"{place} answered with more than was asked for.")
    return bytes(whole)


def _decoded(answer: bytes, place: str) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        raise HttpFailed(f"{place} answered with something that is no JSON.") from None


def _why(fault: Exception) -> str:
    return str(fault).strip().rstrip(".") or type(fault).__name__


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _without_secrets(url: str) -> str:
    """The address as a person may read it: others may hold a password or a query."""
    try:
        parts = urlsplit(url)
    except ValueError as fault:
        raise HttpFailed(f"That is no address: {fault}.") from None
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
