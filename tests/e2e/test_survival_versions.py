"""Daemons of two versions take turns over one running turn, and nobody notices."""

import shutil
from pathlib import Path

import pytest
import trio

import claudetted
from tests.support.counting import Counting
from tests.support.follower import Follower

OLDER = "0.0.0"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """Where the daemon is installed in another version."""
    copy = tmp_path / "older"
    shutil.copytree(Path(claudetted.__file__).parent, copy / "claudetted")
    init = copy / "claudetted/__init__.py"
    said = init.read_text().replace(claudetted.__version__, OLDER)
    init.write_text(said)
    return copy


async def swap(world: Counting, follower: Follower, install: Path | None) -> str:
    """Ends the daemon in order and starts another; its version."""
    if world.daemon.alive:
        await trio.to_thread.run_sync(world.daemon.stop)
        await follower.gone()
    path = [f"import sys; sys.path.insert(0, {str(install)!r})"] if install else []
    world.daemon.program = [
        "-c",
        "; ".join([*path, "from claudetted.daemon.main import main"]) + "; main()",
    ]
    assert await world.start(), world.daemon.printed()
    assert await follower.come(world.socket)
    async with world.client() as client:
        return str((await client.call("daemon/status"))["version"])


async def test_versions_take_turns_over_a_running_turn(
    world: Counting, follower: Follower, older: Path
) -> None:
    for install in (older, None, older, None):
        version = await swap(world, follower, install)
        assert version == (OLDER if install else claudetted.__version__)
        await further(follower)
    await trio.to_thread.run_sync(world.daemon.stop)
    await follower.gone()
    await world.finish(follower)
    written = world.counting.written()
    assert world.journal() == written
    assert {kind: follower.said(kind) for kind in written} == written
    assert len(world.counting.heard("prompt")) == 1


async def further(follower: Follower) -> None:
    """Returns when more was counted in this life."""
    assert follower.client
    before = follower.seen.state.seq

    def grown() -> bool:
        follower.fold()
        return follower.seen.state.seq > before + 20

    await follower.client.until(grown)
