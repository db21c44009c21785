"""The encryption of Web Push, by the example of RFC 8291."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from claudetted.daemon.sealing import MOST_BYTES, sealed
from claudetted.rpc.doors.web.push_keys import decoded, encoded
from tests.fakes.push_service import Browser

MESSAGE = b"When I grow up, I want to be a watermelon"
OWN = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SECRET, SALT = "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
POSTED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def test_it_is_that_of_the_standard() -> None:
    own = ec.derive_private_key(int.from_bytes(decoded(OWN)), ec.SECP256R1())
    posted = sealed(MESSAGE, decoded(THEIRS), decoded(SECRET), decoded(SALT), own)
    assert encoded(posted) == POSTED


def test_no_two_are_alike_and_the_longest_fits() -> None:
    browser = Browser("https://push.example/a")
    point, secret = (decoded(browser.subscription[name]) for name in ("p256dh", "auth"))
    first, second = (sealed(b"x" * MOST_BYTES, point, secret) for _ in range(2))
    assert first != second and len(first) == 4096
    assert browser.read(first) == browser.read(second) == b"x" * MOST_BYTES


def test_what_is_no_point_of_the_curve_is_refused() -> None:
    with pytest.raises(ValueError):
        sealed(MESSAGE, b"\x04" + bytes(64), decoded(SECRET))
