"""Owns HTTP: the one door to it. Every request has a deadline and every failure a sentence."""

import ipaddress
import json
import logging
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import trio

if TYPE_CHECKING:
    import httpx

SECONDS = 10.0
CONNECT_SECONDS = 1.0
MOST_BYTES = 8 * 1024 * 1024
_PORTS = {"http": 80, "https": 443}

logger = logging.getLogger(__name__)
# It would log whole addresses.
logging.getLogger("httpx").setLevel(logging.WARNING)


class HttpFailed(Exception):
    """No usable answer. The message is a sentence for a person and holds no secret; `status` is
    that of the answer, if there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


async def fetch_json(
    url: str,
    *,
    key: str = "",
    body: object = None,
    seconds: float = SECONDS,
    env: Mapping[str, str],
) -> Any:
    """What a server answers, read from JSON; with a `body` the request is a POST. The proxies and
    certificates are those of `env`, as for the requests of an agent in that environment.

    The key goes to that server alone: redirections are not followed. Raises HttpFailed.
    """
    place = _without_secrets(url)
    if not (key.isascii() and key.isprintable()):
        # The refusal of such a header would name it.
        raise HttpFailed(f"The key for {place} contains invalid characters.")
    with trio.move_on_after(seconds):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return _decoded(await _answer(url, place, env, json=body, headers=headers), place)
    raise HttpFailed(f"{place} did not answer within {seconds:g} s.")


async def any_listens(urls: Iterable[str]) -> bool:
    """Whether a server of this machine takes connections at one of the addresses, which is learned
    without asking it anything."""
    for url in urls:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        with trio.move_on_after(CONNECT_SECONDS), suppress(OSError):
            stream = await trio.open_tcp_stream(parts.hostname or "", port)
            await stream.aclose()
            return True
    return False


async def post_json(
    url: str, body: object, *, seconds: float = SECONDS, env: Mapping[str, str]
) -> None:
    """Delivers a body; what the server answers to it does not matter. Raises HttpFailed."""
    place = _without_secrets(url)
    with trio.move_on_after(seconds):
        await _answer(url, place, env, json=body)
        return
    raise HttpFailed(f"{place} did not answer within {seconds:g} s.")


async def post_outside(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    seconds: float = SECONDS,
    env: Mapping[str, str],
) -> None:
    """Delivers bytes to a server on the internet, and to none of this machine or its network,
    whatever the name leads to. The path may be a secret: no message has it. Raises HttpFailed."""
    parts = urlsplit(url)
    place = f"{parts.scheme}://{parts.netloc}"
    request = {"content": content, "headers": {**headers, "Host": parts.netloc}}
    with trio.move_on_after(seconds):
        if proxy_of(url, env):
            await _answer(url, place, env, **request)
        else:
            request["extensions"] = {"sni_hostname": parts.hostname}
            await _first_answer(await _addressed(parts, place), place, env, request)
        return
    raise HttpFailed(f"{place} did not answer within {seconds:g} s.")


async def _first_answer(
    urls: list[str], place: str, env: Mapping[str, str], request: dict[str, Any]
) -> None:
    """Of the first address that can be reached."""
    for url in urls[:-1]:
        try:
            await _answer(url, place, env, **request)
        except HttpFailed as fault:
            if fault.status is not None:
                raise
        else:
            return
    await _answer(urls[-1], place, env, **request)


async def _addressed(parts: SplitResult, place: str) -> list[str]:
    """The URL with each of its host's addresses instead of the name, which could lead elsewhere
    when it is looked up once more."""
    port = parts.port or _PORTS[parts.scheme]
    try:
        found = await trio.socket.getaddrinfo(parts.hostname, port, type=trio.socket.SOCK_STREAM)
    except OSError as fault:
        raise HttpFailed(f"{place} cannot be reached: {fault.strerror}.") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not addresses or not all(map(is_public, addresses)):
        raise HttpFailed(f"{place} is not on the internet.")
    places = (f"[{one}]:{port}" if ":" in one else f"{one}:{port}" for one in addresses)
    return [urlunsplit(parts._replace(netloc=one)) for one in places]


def is_public(address: str) -> bool:
    """Whether an address is one of the internet. Raises ValueError for what is no address."""
    found = ipaddress.ip_address(address)
    found = getattr(found, "ipv4_mapped", None) or found
    return found.is_global and not found.is_multicast


async def _answer(url: str, place: str, env: Mapping[str, str], **request: Any) -> bytes:
    """`request` is as httpx takes it; one with a body is a POST."""
    # Imported when it is first needed: most daemons never ask anybody, and it takes its time.
    proxy = proxy_of(url, env)
    client = await trio.to_thread.run_sync(_client, url, proxy, env, abandon_on_cancel=True)
    import httpx

    has_body = request.get("json") is not None or "content" in request
    method = "POST" if has_body else "GET"
    try:
        async with client, client.stream(method, url, **request) as answer:
            if not answer.is_success:
                raise HttpFailed(f"{place} answered {answer.status_code}.", answer.status_code)
            return await _whole(answer, place)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as fault:
        through = f" through the proxy {_without_secrets(proxy)}" if proxy else ""
        raise HttpFailed(f"{place} cannot be reached{through}: {_why(fault)}.") from None


def _client(url: str, proxy: str, env: Mapping[str, str]) -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(
        timeout=None,
        follow_redirects=False,
        trust_env=False,
        proxy=proxy or None,
        verify=_trusted(url, env),
    )


def _trusted(url: str, env: Mapping[str, str]) -> ssl.SSLContext:
    """What an agent's requests trust: the usual authorities, the system's, and the user's own. Who
    is not asked for a certificate costs no time."""
    import httpx

    if not url.lower().startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted = httpx.create_ssl_context(trust_env=False)
    trusted.load_default_certs()
    for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
        _trust(trusted, name, cafile=env.get(name))
    _trust(trusted, "SSL_CERT_DIR", capath=env.get("SSL_CERT_DIR"))
    return trusted


def _trust(trusted: ssl.SSLContext, name: str, **place: str | None) -> None:
    """A place that cannot be read adds nothing; so it is for an agent, too."""
    if any(place.values()):
        try:
            trusted.load_verify_locations(**place)
        except OSError as fault:
            logger.warning("%s names certificates that cannot be read: %s", name, fault)


async def _whole(answer: "httpx.Response", place: str) -> bytes:
    """To its end, however far that is: the deadline is the limit, and not all of it is held."""
    whole = bytearray()
    async for chunk in answer.aiter_bytes():
        whole += chunk[: MOST_BYTES + 1 - len(whole)]
    if len(whole) > MOST_BYTES:
        raise HttpFailed(f"{place} sent an answer that is too large.")
    return bytes(whole)


def _decoded(answer: bytes, place: str) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        raise HttpFailed(f"{place} sent an answer that is not JSON.") from None


def _why(fault: BaseException) -> str:
    """The first of the causes that says something; an untrusted certificate in any case."""
    chain = [fault]
    while cause := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(cause)
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not trusted ({one.verify_message}); if its authority is your "
                "own, name the file in NODE_EXTRA_CA_CERTS"
            )
    said = (str(one).strip().rstrip(".") for one in chain)
    return next(filter(None, said), type(fault).__name__)


def proxy_of(url: str, env: Mapping[str, str]) -> str:
    """The proxy that a request goes through, if any, by the rules of `harness/src/proxies.ts`: what
    runs on this machine is asked directly."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if _is_local(host) or _is_excepted(host, parts.netloc.rpartition("@")[2].lower(), env):
        return ""
    names = (f"{parts.scheme}_proxy", f"{parts.scheme.upper()}_PROXY")
    return next((env[name] for name in names if env.get(name)), "")


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _is_excepted(host: str, place: str, env: Mapping[str, str]) -> bool:
    for entry in (env.get("no_proxy") or env.get("NO_PROXY") or "").lower().split(","):
        name = entry.strip().removeprefix("*").removeprefix(".")
        if entry.strip() == "*" or (name and (name in (host, place) or host.endswith(f".{name}"))):
            return True
    return False


def _without_secrets(url: str) -> str:
    """The address as a person may read it: others may hold a password or a query."""
    try:
        parts = urlsplit(url)
    except ValueError as fault:
        raise HttpFailed(f"The address is invalid: {fault}.") from None
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
