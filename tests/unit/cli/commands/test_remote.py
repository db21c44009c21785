"""The door for other machines on the command line: what is shown of it, and of devices."""

import json

import pytest

from claudette_cli import exits
from claudette_cli.main import main
from tests.unit.cli.conftest import Fake

PHONE = {"id": "d1", "name": "Phone", "right": "work", "createdAt": "2026-01-01T00:00:00.000Z"}
REMOTE = {"listen": "127.0.0.1:7433", "url": "http://127.0.0.1:7433"}
PAIRED = {"code": "abc", "url": "http://127.0.0.1:7433/#pair=abc", "expiresAt": ""}


def test_enabling_shows_where_it_is_and_what_is_wrong_with_it(
    fake: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = fake(remote_enable=lambda params: {"remote": {**REMOTE, "insecure": True}})
    words = ["remote", "enable", "--listen", "0.0.0.0:7433", "--insecure"]
    assert main([*words, "--certificate", "/a.pem", "--key", "/b.pem"]) == exits.DONE
    (params,) = daemon.called("remote/enable")
    assert params == {
        "listen": "0.0.0.0:7433",
        "insecure": True,
        "certificate": "/a.pem",
        "key": "/b.pem",
    }
    said = capsys.readouterr().out
    assert "http://127.0.0.1:7433" in said
    assert "without TLS" in said


def test_a_link_is_shown_with_what_it_allows(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon = fake(device_pair=lambda params: PAIRED)
    assert main(["remote", "pair", "--right", "decide", "--name", "Phone"]) == exits.DONE
    assert daemon.called("device/pair") == [{"name": "Phone", "right": "decide"}]
    said = capsys.readouterr().out
    assert PAIRED["url"] in said and "decide" in said
    assert "█" not in said


def test_devices_are_listed_and_revoked_by_name(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {**PHONE, "id": "d2", "name": "Tab\x1b[2Jlet", "connections": 1}
    daemon = fake(
        device_list=lambda params: {"devices": [PHONE, other]}, device_revoke=lambda params: {}
    )
    assert main(["remote"]) == exits.DONE
    rows = capsys.readouterr().out.splitlines()
    assert "seen never" in rows[0] and "connected" in rows[1]
    assert "\x1b[2J" not in rows[1]
    assert main(["remote", "revoke", "Phone"]) == exits.DONE
    assert daemon.called("device/revoke") == [{"deviceId": "d1"}]


def test_a_name_that_two_devices_have_is_no_name(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon = fake(device_list=lambda params: {"devices": [PHONE, {**PHONE, "id": "d2"}]})
    assert main(["remote", "revoke", "Phone"]) == exits.NOT_FOUND
    assert daemon.called("device/revoke") == []


def test_the_address_is_printed_for_scripts(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    status = {"remote": REMOTE}
    fake(daemon_status=lambda params: status)
    assert main(["remote", "url"]) == exits.DONE
    assert capsys.readouterr().out == "http://127.0.0.1:7433\n"
    assert main(["remote", "url", "--json"]) == exits.DONE
    assert json.loads(capsys.readouterr().out) == {"url": "http://127.0.0.1:7433"}
    status.clear()
    assert main(["remote", "url"]) == exits.FAILED


def test_status_shows_the_door_and_who_came_through_it(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    remote = {**REMOTE, "insecure": True, "wrongAttempts": 3, "fault": "Cannot listen."}
    connected = [
        {"label": "device Phone", "name": "page", "kind": "browser", "right": "work"},
        {"label": "pid 7", "name": "claudette", "kind": "cli", "right": "administer"},
    ]
    status = {"version": "1", "pid": 1, "startedAt": "2026-01-01T00:00:00.000Z", "socket": "/s"}
    fake(
        daemon_status=lambda params: {
            **status,
            "dataDir": "/d",
            "remote": remote,
            "connected": connected,
        }
    )
    assert main(["status"]) == exits.DONE
    said = capsys.readouterr().out
    for told in (REMOTE["url"], "without TLS", "3 wrong", "Cannot listen.", "Phone, may work"):
        assert told in said
    assert "pid 7" not in said
