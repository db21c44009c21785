"""Images of messages reach the model: as they are, in order, at each kind of message."""

import hashlib
import json
import re

import pytest

from claudetted.protocol import sidecar as sc
from claudetted.protocol.images import MimeType
from tests.contract.conftest import Kind
from tests.contract.driver import Refused, Sidecar
from tests.support import pictures


def shown(data: bytes, kind: str = "image/png") -> str:
    return f"{kind} {hashlib.sha256(data).hexdigest()[:12]}"


def image(sidecar: Sidecar, data: bytes, kind: MimeType = "image/png") -> sc.ImageFile:
    path = sidecar.place / hashlib.sha256(data).hexdigest()
    path.write_bytes(data)
    return sc.ImageFile(str(path), kind, "shot")


@pytest.mark.needs("images")
def test_the_model_gets_the_images_of_a_prompt(sidecar: Sidecar) -> None:
    blue = pictures.png(colour=b"\0\0\xff")
    sidecar.prompt("@seen", images=[image(sidecar, pictures.PNG), image(sidecar, blue)])
    assert sidecar.end().reason == "done"
    assert sidecar.texts() == ["\n".join([shown(pictures.PNG), shown(blue)])]
    sidecar.turn("@seen", "T2")
    assert sidecar.texts()[-1] == "no image"


@pytest.mark.needs("images")
def test_an_image_alone_is_a_prompt(sidecar: Sidecar) -> None:
    sidecar.prompt("", images=[image(sidecar, pictures.PNG)])
    assert sidecar.end().reason == "done"


@pytest.mark.needs("images", "steer")
def test_the_model_gets_the_images_of_a_steer(sidecar: Sidecar, kind: Kind) -> None:
    sidecar.prompt("@text before @hold door @then @text unheard")
    kind.doors.wait_held("door")
    sidecar.ask_for(sc.Steer(sidecar.id(), "T2", "@seen", [image(sidecar, pictures.PNG)]))
    kind.doors.release("door")
    assert sidecar.end().reason == "done"
    assert sidecar.texts()[-1] == shown(pictures.PNG)


@pytest.mark.needs("images")
def test_an_image_that_is_gone_fails_the_turn_with_its_name(sidecar: Sidecar) -> None:
    gone = sc.ImageFile("/nowhere/shot", "image/png", "shot.png")
    try:
        sidecar.prompt("look", images=[gone])
    except Refused as refused:
        assert "shot.png" in refused.error.message
    else:
        end = sidecar.end()
        assert end.reason == "failed" and "shot.png" in end.error
    sidecar.turn("@text goes on", "T2")
    assert sidecar.texts()[-1] == "goes on"


@pytest.mark.needs("images", "image_results")
def test_an_image_that_a_tool_returns_is_told_by_its_size(sidecar: Sidecar) -> None:
    (sidecar.cwd / "shot.png").write_bytes(pictures.png(padding=40_000))
    call = json.dumps({"path": str(sidecar.cwd / "shot.png")})
    assert sidecar.turn(f"@tool read {call} @then @text seen").reason == "done"
    (tool,) = sidecar.opened("tool")
    closed = sidecar.closed(tool.item)
    assert closed.status == "done" and closed.text
    assert re.search(r"\[image, \d+ (bytes|kB)\]", closed.text), closed.text
    assert len(closed.text) < 500
