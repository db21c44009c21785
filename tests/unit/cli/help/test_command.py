"""The command `help`."""

import pytest

from claudette_cli import exits
from claudette_cli.help.topics import TOPICS
from claudette_cli.main import main
from claudette_cli.reference import man


def test_topics_and_commands_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == exits.DONE
    overview = capsys.readouterr().out
    assert all(f"  {name} " in overview for name in TOPICS)
    assert main(["help", "levels"]) == exits.DONE
    assert "confined" in capsys.readouterr().out
    assert main(["help", "service"]) == exits.DONE
    said = capsys.readouterr().out
    assert "keeper" in said and "claudette service --help" in said
    assert main(["help", "ls"]) == exits.DONE
    assert "usage: claudette ls" in capsys.readouterr().out


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_fits_a_screen(name: str) -> None:
    lines = TOPICS[name][1].splitlines()
    assert len(lines) <= 22 and max(map(len, lines)) <= 100


def test_a_line_of_the_man_page_that_begins_like_a_request_is_none() -> None:
    page = man("1")
    requests = {line.split()[0] for line in page.splitlines() if line[:1] in (".", "'")}
    assert requests == {".TH", ".SH", ".SS", ".nf", ".fi"}
