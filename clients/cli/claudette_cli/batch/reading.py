"""Owns the file of a batch: what its entries say, and where in it something is wrong."""

from __future__ import annotations

import hashlib
import json
import os
from argparse import ArgumentTypeError
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import yaml

from claudette_cli.commands import options, turns
from claudette_cli.exits import USAGE, Failure

Json = dict[str, Any]

_TEXTS = ("prompt", "cwd", "title", "model", "agent", "backend", "level", "thinking")
_CHOICES = {"level": options.LEVELS, "thinking": options.THINKING}
_TIMEOUT = "timeout"
_IMAGES = "images"
_NAMES = (*_TEXTS, _TIMEOUT, _IMAGES)


@dataclass(frozen=True)
class Entry:
    """One prompt and where it runs. `chosen` are parameters of `chat/create`, `timeout` seconds,
    `images` whole paths."""

    number: int
    prompt: str
    cwd: str
    timeout: float | None
    chosen: Json
    images: tuple[str, ...] = ()

    def key(self, earlier: list[str]) -> str:
        """The same for as long as the entry says the same, wherever it stands in the file; of
        several that say the same, each has its own."""
        parts = [self.prompt, self.cwd, self.timeout, self.chosen, *filter(None, [self.images])]
        said = json.dumps(parts, sort_keys=True)
        digest = hashlib.sha256(said.encode(errors="surrogatepass")).hexdigest()[:16]
        return f"{digest}.{sum(key.startswith(digest) for key in earlier)}"


def read(path: str, defaults: Json) -> list[Entry]:
    """The entries, with `defaults` for what one leaves out. Fails with all that is wrong in the
    file, each with its line and column."""
    reader = _Reader(path, defaults)
    try:
        entries = reader.entries(_root(path))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Failure(f"{_at(path, mark)}: {error.problem or error.context}", USAGE) from None
    except yaml.YAMLError as error:
        raise Failure(f"{path}: {' '.join(str(error).split())}", USAGE) from None
    if reader.faults:
        raise Failure("\n".join(reader.faults), USAGE)
    return entries


def _root(path: str) -> yaml.Node | None:
    try:
        with open(path, "rb") as file:
            text = turns.decoded(file.read(), path)
    except OSError as error:
        raise Failure(f"{path} cannot be read ({error.strerror}).", USAGE) from None
    return yaml.SafeLoader(text).get_single_node()


class _Reader:
    """Goes through the nodes, which know their places, and gathers the faults."""

    def __init__(self, path: str, defaults: Json) -> None:
        self.faults: list[str] = []
        self._path = path
        self._defaults = defaults
        self._construct = yaml.SafeLoader("")

    def entries(self, root: yaml.Node | None) -> list[Entry]:
        if not isinstance(root, yaml.SequenceNode) or not root.value:
            self._fault(root, "expected a list of entries, such as: - prompt: Run the tests.")
            return []
        return [self._entry(number, node) for number, node in enumerate(root.value, 1)]

    def _entry(self, number: int, node: yaml.Node) -> Entry:
        said = self._mapping(node)
        for name in said:
            if name not in _NAMES:
                near = get_close_matches(name, _NAMES, n=1)
                known = f"did you mean {near[0]}?" if near else f"there are {', '.join(_NAMES)}"
                self._fault(said[name], f"an entry has no {name!r}; {known}")
        if isinstance(node, yaml.MappingNode) and "prompt" not in said:
            self._fault(node, "the entry has no prompt")
        texts = {name: self._text(name, said[name]) for name in _TEXTS if name in said}
        prompt, cwd = texts.pop("prompt", ""), texts.pop("cwd", ".")
        if "agent" in texts:
            texts["harness"] = texts.pop("agent")
        timeout = self._seconds(said[_TIMEOUT]) if _TIMEOUT in said else None
        where = self._directory(cwd, said.get("cwd", node))
        shown = self._images(said[_IMAGES]) if _IMAGES in said else ()
        return Entry(number, prompt, where, timeout, {**self._defaults, **texts}, shown)

    def _mapping(self, node: yaml.Node) -> dict[str, yaml.Node]:
        """The nodes of an entry by name."""
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, "expected an entry with a prompt, such as: - prompt: Run the tests.")
            return {}
        names: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in names:
                self._fault(key, f"{key.value!r} is there twice")
            names.add(str(key.value))
        # What is merged in by << comes first, and what the entry itself says overrides it.
        self._construct.flatten_mapping(node)
        return {str(key.value): value for key, value in node.value}

    def _text(self, name: str, node: yaml.Node) -> str:
        value = node.value
        if not isinstance(node, yaml.ScalarNode) or not node.tag.endswith(":str"):
            self._fault(node, f"{name} must be a text; put it in quotes")
        elif not value.strip():
            self._fault(node, f"{name} is empty")
        elif value not in _CHOICES.get(name, (value,)):
            self._fault(node, f"{name} must be one of {', '.join(_CHOICES[name])}")
        else:
            return str(value)
        return ""

    def _seconds(self, node: yaml.Node) -> float | None:
        try:
            return options.seconds(str(node.value))
        except ArgumentTypeError as fault:
            self._fault(node, f"timeout: {fault}")
            return None

    def _directory(self, cwd: str, node: yaml.Node) -> str:
        place = self._place(cwd)
        if not os.path.isdir(place):
            self._fault(node, f"{place} is not a directory")
        return place

    def _images(self, node: yaml.Node) -> tuple[str, ...]:
        """They are read once more when they are sent: a batch may have many."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if any(self._text("an image", one) == "" for one in nodes):
            return ()
        paths = [self._place(one.value) for one in nodes]
        try:
            turns.images_of(paths)
        except Failure as unfit:
            self._fault(node, unfit.message)
        return tuple(paths)

    def _place(self, path: str) -> str:
        """Relative to the file and not to whoever runs it."""
        base = os.path.dirname(os.path.abspath(self._path))
        return os.path.normpath(os.path.join(base, os.path.expanduser(path)))

    def _fault(self, node: yaml.Node | None, why: str) -> None:
        self.faults.append(f"{_at(self._path, node and node.start_mark)}: {why}")


def _at(path: str, mark: yaml.Mark | None) -> str:
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else f"{path}:1:1"
