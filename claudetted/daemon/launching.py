"""Owns the choice of what runs for a kind of harness, and in which environment."""

import os

from claudetted.chat.sidecars import temp_dir
from claudetted.harnesses.pi import launch as pi
from claudetted.protocol import places
from claudetted.protocol.base import ChatId
from claudetted.protocol.errors import HarnessMissing
from claudetted.sidecar.launch import Launch

_HARNESSES = {"pi": pi.launch}


def launch(harness: str, chat_id: ChatId, env: dict[str, str]) -> Launch:
    """What to start for a chat: its client's environment lies over the daemon's own.

    Raises HarnessMissing.
    """
    prepare = _HARNESSES.get(harness)
    if prepare is None:
        known = ", ".join(_HARNESSES)
        message = f"There is no harness “{harness}”; this build has: {known}."
        raise HarnessMissing(message, harness=harness)
    environment = {
        **os.environ,
        **env,
        "TMPDIR": str(temp_dir(chat_id)),
        "BUN_RUNTIME_TRANSPILER_CACHE_PATH": str(places.data_dir() / "cache/bun"),
    }
    return prepare(chat_id, environment, os.environ)
