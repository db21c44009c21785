"""What is loaded of Pi is staged as bytecode as well: the same, and only for the same Bun."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_pi_harness import BUN, HARNESS, check

DIST = HARNESS.parent / "pi/dist"
SAME = r"""
const { readdirSync } = await import("node:fs");
const dist = process.argv[1];
const kinds = (script) =>
  Object.fromEntries(Object.entries(script).map(([name, value]) => [name, typeof value]));
const script = async (path) => kinds(await import(`${dist}/${path}`));
const compared = {};
const { __esModule, ...start } = kinds(require(`${dist}/compiled/chunks/start.js`));
const handedOn = Object.entries(start).filter(([name]) => !/^shared\d+$/.test(name));
compared.index = [await script("bundle/index.js"), Object.fromEntries(handedOn)];
for (const name of readdirSync(`${dist}/bundle/chunks`)) {
  if (/worker|^chunk-|^cli-/.test(name)) continue;
  const ours = require(`${dist}/compiled/chunks/${name}`);
  compared[name] = [await script(`bundle/chunks/${name}`), kinds(ours)];
}
console.log(JSON.stringify(compared));
"""


def test_what_is_compiled_offers_what_pi_offers() -> None:
    words: list[str | Path] = [BUN, "--no-env-file", "-e", SAME, DIST]
    compared = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    assert len(compared) > 20
    for name, (pi, ours) in compared.items():
        ours.pop("__esModule", None)
        assert ours == pi, name


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The staged harness at another path."""
    return Path(shutil.copytree(HARNESS.parent, tmp_path / "moved/pi-harness"))


def loaded(harness: Path) -> str:
    """Which of both a start loads: the one of the two that fails when it is broken."""
    for name in ("bundle/index.js", "compiled/chunks/start.js"):
        path = harness / "pi/dist" / name
        whole = path.read_bytes()
        path.write_text("throw new Error('loaded');")
        done = subprocess.run([harness / HARNESS.name, "--check"], capture_output=True)
        path.write_bytes(whole)
        if b"loaded" in done.stderr:
            return name
    raise AssertionError("neither is loaded")


def test_what_is_compiled_is_loaded_at_any_path(elsewhere: Path) -> None:
    assert loaded(elsewhere) == "compiled/chunks/start.js"
    assert check(elsewhere / HARNESS.name)["imageResized"]


@pytest.mark.parametrize("made_by", ["", "1.0.0 of another build", None])
def test_another_bun_loads_pi_as_it_is(elsewhere: Path, made_by: str | None) -> None:
    place = elsewhere / "pi/dist/compiled/made-by"
    os.remove(place)
    if made_by is not None:
        place.write_text(made_by)
    assert loaded(elsewhere) == "bundle/index.js"
    assert check(elsewhere / HARNESS.name)["htmlExport"]


def test_bytecode_that_is_lost_or_broken_is_not_missed(elsewhere: Path) -> None:
    bytecode = elsewhere / "pi/dist/compiled/chunks/start.js.jsc"
    bytecode.write_bytes(b"broken" * 1000)
    assert check(elsewhere / HARNESS.name)["imageResized"]
    bytecode.unlink()
    assert check(elsewhere / HARNESS.name)["imageResized"]


def test_what_a_turn_loads_is_bytecode_too_and_is_not_missed_either(elsewhere: Path) -> None:
    (script,) = (elsewhere / "pi/dist/compiled/chunks").glob("openai-completions-*.js")
    bytecode = script.with_name(f"{script.name}.jsc")
    assert bytecode.is_file()

    def offered() -> bytes:
        show = "console.log(Object.keys(require(process.argv[1])).join())"
        words: list[str | Path] = [BUN, "--no-env-file", "-e", show, script]
        return subprocess.run(words, capture_output=True, check=True).stdout

    whole = offered()
    assert b"stream" in whole
    bytecode.write_bytes(b"broken" * 1000)
    assert offered() == whole
    bytecode.unlink()
    assert offered() == whole
