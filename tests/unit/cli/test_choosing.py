"""Which chat is meant by what a person says of it."""

import pytest

from claudette_cli import choosing, exits
from claudette_cli.client.daemon import Daemon
from claudette_cli.exits import Failure
from claudette_cli.main import main
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import Json

CHATS = [
    {"id": "3gaaaaaaaaaa", "title": "Fix the build"},
    {"id": "3gbbbbbbbbbb", "title": "Fix"},
    {"id": "3gcccccccccc", "title": "Übersetzung"},
]
ARCHIVED = {"id": "3gdddddddddd", "title": "Fix it later"}


def listed(params: Json) -> Json:
    return {"chats": [ARCHIVED] if params["archived"] else CHATS}


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("2", "3gbbbbbbbbbb"),
        ("3", "3gcccccccccc"),
        ("3ga", "3gaaaaaaaaaa"),
        ("fix", "3gbbbbbbbbbb"),
        ("fix the", "3gaaaaaaaaaa"),
        ("üb", "3gcccccccccc"),
        ("fix it", "3gdddddddddd"),
        ("nobodyasked1", "nobodyasked1"),
    ],
)
def test_a_chat_is_named_by_number_id_or_title(fake: Fake, wanted: str, meant: str) -> None:
    fake(chat_list=listed)
    with Daemon() as daemon:
        assert choosing.chat_id(daemon, wanted) == meant


@pytest.mark.parametrize(("wanted", "said"), [("fi", "Several"), ("3g", "Several"), ("9", "No")])
def test_what_is_not_clear_is_said(fake: Fake, wanted: str, said: str) -> None:
    fake(chat_list=listed)
    with Daemon() as daemon, pytest.raises(Failure, match=said):
        choosing.chat_id(daemon, wanted)


def test_nothing_is_deleted_by_number_from_a_script(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    fake(chat_list=listed)
    assert main(["delete", "2", "--yes"]) == exits.USAGE
    assert "by its id" in capsys.readouterr().err
