"""The door for browsers and other machines: closed until it is opened, and safe or said not to
be."""

import socket
import ssl
from pathlib import Path

import pytest
import trio
import trustme

from tests.daemon.client import Client
from tests.daemon.remote import ask, connect, enabled, paired, raw, rest_of
from tests.daemon.world import Daemon, full_disk


async def test_it_is_closed_until_it_is_enabled(daemon: Daemon, client: Client) -> None:
    assert "remote" not in await client.call("daemon/status")
    port = await enabled(client)
    told = (await client.call("daemon/status"))["remote"]
    assert told == {"listen": f"127.0.0.1:{port}", "url": f"http://127.0.0.1:{port}"}
    assert (await ask(port, "GET", "/nothing"))[0] == 404


async def test_disabling_closes_it_with_its_connections(
    daemon: Daemon, client: Client, nursery: trio.Nursery, address: str
) -> None:
    port = await enabled(client, listen=address)
    guest = await connect(port, (await paired(client, port))["token"], nursery)
    await guest.call("daemon/status")
    await client.call("remote/disable")
    await guest.gone()
    with pytest.raises(OSError):
        await trio.open_tcp_stream("127.0.0.1", port)
    await daemon.restart()
    assert "remote" not in await (await daemon.client()).call("daemon/status")


async def test_it_moves_and_devices_stay(
    client: Client, nursery: trio.Nursery, address: str
) -> None:
    first = await enabled(client, listen=address)
    token = (await paired(client, first))["token"]
    second = await enabled(client)
    assert second != first
    with pytest.raises(OSError):
        await trio.open_tcp_stream("127.0.0.1", first)
    assert await (await connect(second, token, nursery)).call("device/list")


async def test_the_same_address_is_taken_over(client: Client, address: str) -> None:
    port = await enabled(client, listen=address)
    for _ in range(3):
        assert await enabled(client, listen=address) == port


async def test_a_port_that_is_taken_when_the_daemon_starts_is_tried_again(
    daemon: Daemon, client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("claudetted.rpc.doors.web.remote.RETRY_SECONDS", 0.01)
    port = await enabled(client, listen=address)
    await daemon.stop()
    with socket.create_server(("127.0.0.1", port)):
        await daemon.start()
        again = await daemon.client()
        assert "in use" in (await again.call("daemon/status"))["remote"]["fault"]
    while "fault" in (await again.call("daemon/status"))["remote"]:
        await trio.lowlevel.checkpoint()
    assert (await ask(port, "GET", "/nothing"))[0] == 404


async def test_public_origins_are_put_into_links(client: Client) -> None:
    await enabled(client)
    origin = "https://box.example.ts.net"
    await client.call("setting/set", key="remote_origins", value=[origin])
    assert (await client.call("device/pair"))["url"].startswith(f"{origin}/#pair=")
    for wrong in ("box.example.ts.net", f"{origin}/path", "https://"):
        refused = await client.refused("setting/set", key="remote_origins", value=[wrong])
        assert refused.name == "InvalidParams"


@pytest.mark.parametrize("listen", ["", "127.0.0.1", ":80", "127.0.0.1:x", "127.0.0.1:99999"])
async def test_what_is_no_address_is_refused(client: Client, listen: str) -> None:
    assert (await client.refused("remote/enable", listen=listen)).name == "InvalidParams"


@pytest.mark.parametrize("only", ["certificate", "key"])
async def test_a_certificate_needs_its_key(client: Client, only: str) -> None:
    refused = await client.refused("remote/enable", **{only: "/etc/x.pem"})
    assert refused.name == "InvalidParams"


async def test_remote_enable_RemoteRefused(client: Client) -> None:
    refused = await client.refused("remote/enable", listen="0.0.0.0:0")
    assert (refused.name, refused.data["listen"]) == ("RemoteRefused", "0.0.0.0:0")
    assert "remote" not in await client.call("daemon/status")
    opened = await client.call("remote/enable", listen="0.0.0.0:0", insecure=True)
    assert opened["remote"]["insecure"] is True
    assert (await client.call("daemon/status"))["remote"]["insecure"] is True


async def test_remote_enable_CannotListen(client: Client) -> None:
    before = await enabled(client)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        refused = await client.refused("remote/enable", listen=taken)
    assert (refused.name, refused.data["listen"]) == ("CannotListen", taken)
    refused = await client.refused("remote/enable", certificate="/no/a.pem", key="/no/b.pem")
    assert refused.name == "CannotListen"
    # What was open still is, at a port that the system chose anew.
    told = (await client.call("daemon/status"))["remote"]
    assert before and "fault" not in told


async def test_remote_enable_StoreFull(client: Client) -> None:
    with full_disk():
        assert (await client.refused("remote/enable", listen="127.0.0.1:0")).name == "StoreFull"
    assert "remote" not in await client.call("daemon/status")


async def test_remote_disable_StoreFull(client: Client, address: str) -> None:
    port = await enabled(client, listen=address)
    with full_disk():
        assert (await client.refused("remote/disable")).name == "StoreFull"
    with pytest.raises(OSError):
        await trio.open_tcp_stream("127.0.0.1", port)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """(certificate, key) of 127.0.0.1, in one file; the authority is in another, `ca.pem`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    both = str(tmp_path / "both.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(both)
    return both, both


async def test_with_a_certificate_nothing_goes_in_the_clear(
    client: Client, certificate: tuple[str, str], tmp_path: Path
) -> None:
    port = await enabled(client, certificate=certificate[0], key=certificate[1])
    told = (await client.call("daemon/status"))["remote"]
    assert (told["tls"], told["url"]) == (True, f"https://127.0.0.1:{port}")
    assert await raw(port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") == b""
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    stream = await trio.open_ssl_over_tcp_stream(
        "127.0.0.1", port, ssl_context=trusting, https_compatible=True
    )
    await stream.send_all(f"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    assert (await rest_of(stream)).startswith(b"HTTP/1.1 404 ")
    await trio.aclose_forcefully(stream)
