"""Owns the program that Codex runs before each tool: it asks the adapter, and denies without it.

`python -I -S hook.py DIRECTORY`: the call as JSON on stdin, the verdict as JSON on stdout. It
starts for every call, so it imports little. What a patch names is read here and goes with it.
"""

import os
import socket
import sys
from collections.abc import Iterator

NAME = "calls"
"""Of the adapter's socket in the directory."""
MOST_BYTES = 4 * 1024 * 1024
_HEADS = ("*** Update File: ", "*** Delete File: ", "*** Add File: ", "*** Move to: ")
_OLD = _HEADS[:2]


def main() -> None:
    import json  # The adapter, which reads this module too, does without.

    call = json.load(sys.stdin.buffer)
    call |= look_at(call)
    verdict = ask(sys.argv[1], json.dumps(call).encode())
    refusal = denial("claudetted could not be asked whether this may run.")
    sys.stdout.write(verdict or json.dumps(refusal))


def denial(reason: str) -> dict[str, object]:
    decision = {"permissionDecision": "deny", "permissionDecisionReason": reason}
    return {"hookSpecificOutput": {"hookEventName": "PreToolUse", **decision}}


def ask(directory: str, call: bytes) -> str:
    """Waits as long as a person needs. Nothing when the adapter is gone."""
    try:
        # A socket's address is short, and the way to it may be long.
        os.chdir(directory)
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(NAME)
            link.sendall(call + b"\n")
            return b"".join(iter(lambda: link.recv(65536), b"")).decode()
    except OSError:
        return ""


def look_at(call: dict[str, object]) -> dict[str, object]:
    """`real` has where the named paths really lead, `files` what is there, as far as it is text."""
    given = call.get("tool_input")
    words = given if isinstance(given, dict) else {}
    at = str(call.get("cwd", ""))
    if call.get("tool_name") != "apply_patch":
        names = [(str(words["path"]), False)] if "path" in words else []
    else:
        names = list(named(str(words.get("command", ""))))
    real = {name: os.path.realpath(os.path.join(at, name)) for name, _ in names}
    files: dict[str, str] = {}
    left = MOST_BYTES
    for name, is_old in names:
        text = read(real[name], left) if is_old else None
        if text is not None:
            files[name] = text
            left -= len(text)
    return {"real": real, "files": files}


def named(patch: str) -> Iterator[tuple[str, bool]]:
    """The paths of a patch, and whether their contents matter."""
    for line in patch.splitlines():
        for head in _HEADS:
            if line.startswith(head):
                yield line[len(head) :].strip(), head in _OLD


def read(path: str, most: int) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(most)
    except OSError:
        return None


if __name__ == "__main__":
    main()
