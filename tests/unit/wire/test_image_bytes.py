"""What an image is, how large, and whether its end is there, by its bytes alone."""

import pytest

from claudetted.wire import image_bytes
from tests.support import pictures

PROGRESSIVE = pictures.JPEG.replace(b"\xff\xc0", b"\xff\xc2", 1)
KINDS = {
    "png": ("image/png", pictures.PNG),
    "jpeg": ("image/jpeg", pictures.JPEG),
    "jpeg, progressive": ("image/jpeg", PROGRESSIVE),
    "jpeg, padded": ("image/jpeg", pictures.JPEG[:2] + b"\xff\xff" + pictures.JPEG[2:]),
    "gif": ("image/gif", pictures.GIF),
    "webp": ("image/webp", pictures.WEBP),
    "webp, lossless": ("image/webp", pictures.WEBP_LOSSLESS),
    "webp, extended": ("image/webp", pictures.WEBP_EXTENDED),
}


@pytest.mark.parametrize(("kind", "data"), KINDS.values(), ids=KINDS)
def test_an_image_tells_its_type_and_its_size(kind: str, data: bytes) -> None:
    assert image_bytes.look(data) == (kind, 8, 6, True)


@pytest.mark.parametrize(("kind", "data"), KINDS.values(), ids=KINDS)
def test_what_is_cut_off_is_not_whole_and_never_a_fault(kind: str, data: bytes) -> None:
    for length in range(len(data) - 1):
        seen = image_bytes.look(data[:length])
        assert seen is None or (seen.mime_type == kind and not seen.whole), length


@pytest.mark.parametrize("data", [b"", b"GIF", b"%PDF-1.7", b"BM" + b"\0" * 60, b"<svg></svg>"])
def test_what_is_none_of_the_four_is_nothing(data: bytes) -> None:
    assert image_bytes.look(data) is None


def test_bytes_after_the_end_do_no_harm() -> None:
    for _, data in KINDS.values():
        seen = image_bytes.look(data + b"\0\0")
        assert seen and seen.whole
