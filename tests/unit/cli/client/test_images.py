"""Which files are images that can be sent; the rest is refused by name, before anything is sent."""

import os
from base64 import b64decode
from pathlib import Path

import pytest

from claudette_cli.client import images
from claudette_cli.client.names import IMAGE_BYTES, MOST_IMAGES
from claudette_cli.exits import USAGE, Failure
from tests.support import pictures


def refused(*paths: Path) -> str:
    with pytest.raises(Failure) as failure:
        images.chosen([str(path) for path in paths])
    assert failure.value.code == USAGE
    return failure.value.message


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_files_are_sent_in_order_by_what_they_hold(tmp_path: Path) -> None:
    first = written(tmp_path / "my shot.png", pictures.PNG)
    second = written(tmp_path / "wrongly named.png", pictures.JPEG)
    one, two = images.chosen([str(first), str(second)])
    assert (one["mimeType"], one["name"]) == ("image/png", "my shot.png")
    assert b64decode(one["data"]) == pictures.PNG
    assert two["mimeType"] == "image/jpeg"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7", "is no PNG, JPEG, GIF or WebP"),
        (pictures.PNG[:-4], "is cut off"),
        (b"\x89PNG" + bytes(IMAGE_BYTES), "make it smaller"),
    ],
)
def test_what_is_no_image_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    bad = written(tmp_path / "bad.png", data)
    said = refused(written(tmp_path / "good.png", pictures.PNG), bad)
    assert said.startswith(str(bad)) and words in said


def test_forty_megabytes_are_not_read(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(40_000_000)
    assert "40000000 bytes" in refused(large)


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    link, pipe = tmp_path / "link.png", tmp_path / "pipe.png"
    link.symlink_to(written(tmp_path / "good.png", pictures.PNG))
    os.mkfifo(pipe)
    assert "is a link" in refused(link)
    assert "is no regular file" in refused(pipe)
    assert "is no regular file" in refused(Path("/dev/null"))
    assert "is no regular file" in refused(tmp_path)
    assert "cannot be read" in refused(tmp_path / "gone.png")
    assert "cannot be read" in refused(Path("a\0b.png"))


def test_too_many_or_too_much_is_refused(tmp_path: Path) -> None:
    small = written(tmp_path / "small.png", pictures.PNG)
    assert f"at most {MOST_IMAGES}" in refused(*[small] * (MOST_IMAGES + 1))
    large = written(tmp_path / "large.png", pictures.png(padding=IMAGE_BYTES - 200))
    assert "together" in refused(large, large, large)
