"""A daemon is started for a person, and never for an agent."""

from pathlib import Path

import pytest

from claudette_cli.client import starting
from claudette_cli.exits import NO_DAEMON, Failure


def test_a_command_of_an_agent_starts_no_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLAUDETTED_CHAT", "aaaaaaaaaaaa")
    with pytest.raises(Failure, match="outside of the chat") as refused:
        starting.start()
    assert refused.value.code == NO_DAEMON
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["CLAUDETTED_DATA_DIR", "CLAUDETTED_RUNTIME_DIR"])
def test_no_daemon_is_started_where_a_name_is_not_unicode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its rules and answers name these directories, and neither can."""
    place = tmp_path / "d\udcffta"
    monkeypatch.setenv(name, str(place))
    with pytest.raises(Failure, match=f"d\\\\xffta is not UTF-8.*{name}") as refused:
        starting.start()
    assert refused.value.code == NO_DAEMON
    assert not place.exists()
