"""Settings in two places: what a chat has committed is not taken for what a person took out."""

from functools import partial
from pathlib import Path

import pytest

from claudetted.chat.preferences import Preferences
from claudetted.chat.rulebook import load_rulebook
from claudetted.store import config_file, rules
from claudetted.store.database import Change, Database, open_database
from claudetted.store.writer import StoreRefused

TRUST = "trust_project:/w"


async def test_what_is_not_written_yet_survives_another_change(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    async with open_database(tmp_path / "d.db") as database:
        rulebook = await load_rulebook(database)
        preferences = Preferences(database, rulebook, path)
        await preferences.begin()
        rulebook.choose(TRUST, "yes")
        preferences.decided(TRUST)
        await preferences.put("max_agents", 4)
        path.write_text(path.read_text() + "park_after_minutes = 7\n")
        assert await preferences.take_up() == {"park_after_minutes"}
        assert rulebook.chosen() == {"max_agents": 4, "park_after_minutes": 7, TRUST: "yes"}
        await preferences._bring()
        assert config_file.parse(path.read_text()).values == rulebook.chosen()
        path.write_text("")
        assert await preferences.take_up() == {"max_agents", "park_after_minutes", TRUST}
        assert rulebook.chosen() == {}


async def test_what_the_disk_refused_is_taken_up_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(self: Database, change: object) -> None:
        raise StoreRefused("No space left on device")

    path = tmp_path / "config.toml"
    async with open_database(tmp_path / "d.db") as database:
        rulebook = await load_rulebook(database)
        preferences = Preferences(database, rulebook, path)
        await preferences.begin()
        path.write_text("max_agents = 4\n")
        with monkeypatch.context() as refusing:
            refusing.setattr(Database, "commit", full)
            with pytest.raises(StoreRefused):
                await preferences.take_up()
        assert rulebook.chosen() == {}
        assert await preferences.take_up() == {"max_agents"}
        assert rulebook.chosen() == {"max_agents": 4}


async def test_a_file_that_nobody_touched_is_not_written_down_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[object] = []
    path = tmp_path / "config.toml"
    async with open_database(tmp_path / "d.db") as database:
        rulebook = await load_rulebook(database)
        before = Preferences(database, rulebook, path)
        await before.begin()
        await before.put("max_agents", 4)
        commit = database.commit

        async def counted(change: Change) -> None:
            commits.append(change)
            await commit(change)

        monkeypatch.setattr(database, "commit", counted)
        preferences = Preferences(database, rulebook, path)
        await preferences.begin()
        assert preferences.said.values == {"max_agents": 4}
        assert commits == []


async def test_a_former_name_goes_with_what_is_taken_out_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    async with open_database(tmp_path / "d.db") as database:
        await database.commit(partial(rules.replace_settings, values={"most_sidecars": b"3"}))
        preferences = Preferences(database, await load_rulebook(database), path)
        await preferences.begin()
        assert config_file.parse(path.read_text()).values == {"max_agents": 3}
        path.write_text("")
        assert await preferences.take_up() == {"max_agents"}
        assert (await load_rulebook(database)).chosen() == {}


async def test_who_follows_an_edit_hears_of_one_that_another_change_has_met(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    async with open_database(tmp_path / "d.db") as database:
        rulebook = await load_rulebook(database)
        preferences = Preferences(database, rulebook, path)
        await preferences.begin()
        path.write_text("park_after_minutes = 7\n")
        await preferences.put("max_agents", 4)
        assert rulebook.chosen() == {"max_agents": 4, "park_after_minutes": 7}
        assert await preferences.take_up() == {"park_after_minutes"}
        assert await preferences.take_up() == set()
