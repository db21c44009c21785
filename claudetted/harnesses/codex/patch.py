"""Owns what a patch of Codex's would change: the paths, and a diff against the files. Pure."""

from collections.abc import Iterator, Mapping

import msgspec

from claudetted.protocol.permissions import Access

_HEADS = {"*** Add File: ": "add", "*** Delete File: ": "delete", "*** Update File: ": "update"}
_MOVE = "*** Move to: "


class Section(msgspec.Struct):
    """What becomes of one file."""

    kind: str
    path: str
    moved_to: str = ""
    hunks: list[list[str]] = []


class Patch(msgspec.Struct, frozen=True):
    access: Access
    paths: list[str]
    diff: str


def understood(text: str, real: Mapping[str, str], files: Mapping[str, str]) -> Patch:
    """By the names that the patch gives: where they really lead, and what is there."""
    sections = list(_sections(text))
    named = [path for section in sections for path in (section.path, section.moved_to) if path]
    absolute = list(dict.fromkeys(real.get(name, name) for name in named))
    diff = "".join(_diff(section, files.get(section.path, "")) for section in sections)
    new = all(section.kind == "add" for section in sections)
    return Patch("write" if new else "edit", absolute, diff)


def _sections(text: str) -> Iterator[Section]:
    section: Section | None = None
    for line in text.splitlines():
        head = next((head for head in _HEADS if line.startswith(head)), "")
        if head:
            if section:
                yield section
            section = Section(_HEADS[head], line.removeprefix(head).strip())
        elif section and line.startswith(_MOVE):
            section.moved_to = line.removeprefix(_MOVE).strip()
        elif section and line.startswith("@@"):
            section.hunks.append([])
        elif section and not line.startswith("***"):
            if not section.hunks:
                section.hunks.append([])
            section.hunks[-1].append(line or " ")
    if section:
        yield section


def _diff(section: Section, before: str) -> str:
    old = before.splitlines()
    if section.kind == "delete":
        return _headed(section.path, "", [["-" + line for line in old]], old)
    name = section.moved_to or section.path
    return _headed("" if section.kind == "add" else section.path, name, section.hunks, old)


def _headed(old_name: str, new_name: str, hunks: list[list[str]], old: list[str]) -> str:
    lines = [f"--- a/{old_name}" if old_name else "--- /dev/null"]
    lines.append(f"+++ b/{new_name}" if new_name else "+++ /dev/null")
    shift, start = 0, 0
    for hunk in hunks:
        removed = [line[1:] for line in hunk if line[0] in " -"]
        added = sum(line[0] in " +" for line in hunk)
        found = _find(removed, old, start)
        at = start if found is None else found
        lines.append(f"@@ -{_range(at, len(removed))} +{_range(at + shift, added)} @@")
        lines += hunk
        start, shift = at + len(removed), shift + added - len(removed)
    return "\n".join(lines) + "\n"


def _find(wanted: list[str], lines: list[str], start: int) -> int | None:
    """Where the lines stand, as forgiving about spaces at their ends as Codex is."""
    for have, want in ((lines, wanted), ([*map(str.strip, lines)], [*map(str.strip, wanted)])):
        for at in range(start, len(have) - len(want) + 1):
            if have[at : at + len(want)] == want:
                return at
    return None


def _range(at: int, count: int) -> str:
    return f"{at + 1 if count else at},{count}"
