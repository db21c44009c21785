"""Owns what the tests of the gate look at: a chat of one level, and all the files below a place."""

import os
from pathlib import Path
from typing import Any

from tests.daemon.world import Chat, Home
from tests.e2e.conftest import Connect, watched


async def level_chat(connected: Connect, home: Home, level: str, **params: Any) -> Chat:
    client = await connected()
    place = {"cwd": str(home.work), "model": "fake/small", "level": level, **params}
    return await watched(client, (await client.call("chat/create", **place))["chat"])


def files(root: Path) -> dict[str, str]:
    """Every file below, with its content; links by where they lead."""
    return {
        str(path.relative_to(root)): os.readlink(path) if path.is_symlink() else path.read_text()
        for path in root.rglob("*")
        if path.is_file() or path.is_symlink()
    }
