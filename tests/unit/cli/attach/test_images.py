"""Which words of a message are images that go with it."""

from pathlib import Path

import pytest

from claudette_cli.attach import images
from tests.support import pictures


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("shot.png", "my shot.PNG", "docs/one.jpeg", "home/two.webp", "text.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(pictures.PNG)
    (tmp_path / "directory.png").mkdir()
    (tmp_path / "link.png").symlink_to("shot.png")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("look at @shot.png, please", ["shot.png"]),
        ("(see @docs/one.jpeg)", ["docs/one.jpeg"]),
        ("@docs/one.jpeg: what is it? And @shot.png", ["docs/one.jpeg", "shot.png"]),
        ("@shot.png @shot.png @./shot.png", ["shot.png"]),
        ('@"my shot.PNG" and more', ["my shot.PNG"]),
        ("{place}/my\\ shot.PNG", ["my shot.PNG"]),
        ("'{place}/my shot.PNG' is dropped here", ["my shot.PNG"]),
        ("~/two.webp", ["home/two.webp"]),
        ("{place}/shot.png.", ["shot.png"]),
        ("shot.png and docs/one.jpeg are text", []),
        ("me@shot.png is an address", []),
        ("@text.txt @gone.png @directory.png @link.png", []),
        ("nothing here", []),
    ],
)
def test_images_are_named_by_at_or_by_a_whole_path(
    place: Path, text: str, names: list[str]
) -> None:
    found = images.named(text.replace("{place}", str(place)), str(place))
    assert found == [str(place / name) for name in names]


def test_what_goes_along_is_announced_with_its_size(place: Path) -> None:
    size = len(pictures.PNG)
    assert images.announced("@shot.png", str(place)) == f"[image shot.png {size} bytes]"
    assert images.announced("shot.png", str(place)) == ""
