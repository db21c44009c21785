"""The adapter of Codex: `python -I -m claudetted.harnesses.codex PROGRAM`, run by the keeper."""

import claudetted.harnesses.lean  # noqa: F401  # isort: skip

import os
import shlex
import sys

import msgspec

from claudetted import __version__
from claudetted.harnesses import adapter
from claudetted.harnesses.codex import ID, hook, notes
from claudetted.harnesses.codex.translation import CodexTranslation, Surroundings

HOOK_SECONDS = 30 * 24 * 3600
"""A person may take any time; Codex ends a hook after a minute otherwise."""
SWITCHES = {
    "features.hooks": True,
    # With a goal it begins turns by itself, one after the other, until it has reached it.
    "features.goals": False,
    # What runs has no terminal and so no input: nothing could ask about what is typed there.
    "features.unified_exec_tty": False,
    # A service that cannot be reached ends the turn, which can be retried.
    "features.unbounded_connection_retries": False,
}


def main() -> int:
    directory = os.getcwd()
    words = [sys.executable, "-I", "-S", hook.__file__, directory]
    command = shlex.join(words)
    translation = CodexTranslation(
        Surroundings(
            ID,
            __version__,
            os.getpid(),
            [sys.argv[1], *_overrides(command), "app-server"],
            dict(os.environ),
            directory,
            command,
            _note,
            _read,
        )
    )
    return adapter.run(translation, translation)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _note(path: str, note: notes.Note) -> None:
    """Without it the chat goes on all the same: its thread is known by the path."""
    try:
        notes.write(path, note)
    except OSError as error:
        adapter.log(f"the note about Codex's thread cannot be written: {error}")


def _word(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _overrides(command: str) -> list[str]:
    """Words that are JSON are TOML, too."""
    hooks = f'[{{type="command",command={_word(command)},timeout={HOOK_SECONDS}}}]'
    chosen = [f"{name}={_word(value)}" for name, value in SWITCHES.items()]
    words = [f'hooks.PreToolUse=[{{matcher=".*",hooks={hooks}}}]', *chosen]
    return [part for word in words for part in ("-c", word)]


if __name__ == "__main__":
    sys.exit(main())
