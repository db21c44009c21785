"""What a batch's file says, and where it is wrong."""

from pathlib import Path

import pytest

from claudette_cli import exits
from claudette_cli.batch.reading import Entry, read
from claudette_cli.exits import Failure
from tests.support import pictures


def written(place: Path, text: str) -> str:
    path = place / "b.yaml"
    path.write_text(text)
    return str(path)


def test_an_entry_is_a_prompt_and_where_and_how_it_runs(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    text = """
- prompt: |
    Run the tests.
    Twice.
- &one
  prompt: Say "hi"
  cwd: w
  agent: claude
  level: full
  timeout: 1.5
- <<: *one
  level: readonly
"""
    first, second, third = read(written(tmp_path, text), {"model": "a/b", "level": "standard"})
    assert first == Entry(
        1, "Run the tests.\nTwice.\n", str(tmp_path), None, {"model": "a/b", "level": "standard"}
    )
    assert (second.cwd, second.timeout) == (str(tmp_path / "w"), 1.5)
    assert second.chosen == {"model": "a/b", "level": "full", "harness": "claude"}
    assert (third.prompt, third.cwd, third.chosen["level"]) == ('Say "hi"', second.cwd, "readonly")
    assert second.key([]) != third.key([])
    assert second.key([]) != second.key([second.key([])])


def test_images_are_relative_to_the_file(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(pictures.PNG)
    text = "- {prompt: a, images: [a.png, ./b.png]}\n- {prompt: a, images: b.png}\n- prompt: a\n"
    both, one, none = read(written(tmp_path, text), {})
    assert both.images == (str(tmp_path / "a.png"), str(tmp_path / "b.png"))
    assert one.images == (str(tmp_path / "b.png"),)
    assert len({entry.key([]) for entry in (both, one, none)}) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- prompt: a\n  images: gone.png", ["2:11: ", "/gone.png cannot be read"]),
        ("- prompt: a\n  images: [b.yaml]", ["2:11: ", "/b.yaml is no PNG, JPEG, GIF or WebP"]),
        ("- prompt: a\n  images: [5]", ["2:12: an image must be a text"]),
        ("- prompt: a\n  imags: b", ["2:10: an entry has no 'imags'; did you mean images?"]),
        ("- prompt: a\n  prompt: b", ["2:3: 'prompt' is there twice"]),
        ("- prompt: [a", ["1:13: expected ',' or ']'"]),
        ("prompt: a", ["1:1: expected a list"]),
        ("[]", ["1:1: expected a list"]),
        ("- a", ["1:3: expected an entry"]),
        ("- cwd: .", ["1:3: the entry has no prompt"]),
        ("- prompt: 5", ["1:11: prompt must be a text"]),
        ("- prompt: ''", ["1:11: prompt is empty"]),
        ("- prompt: *no", ["1:11: found undefined alias"]),
        ("- prompt: a\n  levle: full", ["2:10: an entry has no 'levle'; did you mean level?"]),
        ("- prompt: a\n  level: wild", ["2:10: level must be one of readonly"]),
        ("- prompt: a\n  timeout: soon", ["2:12: timeout: 'soon' is not a time"]),
        ("- prompt: a\n  cwd: gone", ["2:8: ", "/gone is not a directory"]),
        ("- prompt: a\n  <<: b", ["expected a mapping or list of mappings for merging"]),
        ("- prompt: a\n  level: x\n- cwd: .", ["2:10: level", "3:3: the entry has no prompt"]),
        ("- prompt: \x07", ["special characters are not allowed"]),
        ("  ", ["is empty"]),
    ],
)
def test_what_is_wrong_is_told_by_line_and_column(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(Failure) as failed:
        read(path, {})
    assert failed.value.code == exits.USAGE
    assert failed.value.message.startswith(path)
    assert all(part in failed.value.message for part in said), failed.value.message


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"cannot be read \(No such file"):
        read(str(tmp_path / "none"), {})
