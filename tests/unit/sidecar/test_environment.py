"""A sidecar's environment is the chat's, marked, without what was meant for the daemon."""

import pytest

from claudetted.protocol.base import ChatId
from claudetted.sidecar.environment import DAEMON_ONLY, sidecar_environment


def test_the_environment_is_marked_with_the_chat() -> None:
    made = sidecar_environment({"PATH": "/bin", "CLAUDETTED_CHAT": "another"}, ChatId("mine"))
    assert made == {"PATH": "/bin", "CLAUDETTED_CHAT": "mine"}


@pytest.mark.parametrize("name", sorted(DAEMON_ONLY))
def test_what_was_meant_for_one_process_stays_there(name: str) -> None:
    assert name not in sidecar_environment({name: "1"}, ChatId("mine"))


def test_an_isolated_daemon_is_found_again_from_inside() -> None:
    given = {"CLAUDETTED_DATA_DIR": "/tmp/data"}
    assert sidecar_environment(given, ChatId("mine"))["CLAUDETTED_DATA_DIR"] == "/tmp/data"
