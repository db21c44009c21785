"""What an editor sends, as the text of a message."""

from typing import Any

import pytest

from claudette_cli.acp import prompts
from claudette_cli.acp.messages import Fault

Json = dict[str, Any]
LINK: Json = {"type": "resource_link", "name": "a", "uri": "file:///w/a.py"}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def test_two_texts_are_two_paragraphs() -> None:
    assert (
        prompts.message_of([text("one"), text("two\n"), text("three")])["text"]
        == "one\n\ntwo\nthree"
    )


def test_a_link_ends_before_what_follows_it() -> None:
    assert prompts.message_of([LINK, text("<ask>why?")])["text"] == "@/w/a.py <ask>why?"
    assert prompts.message_of([LINK, LINK, text(", both")])["text"] == "@/w/a.py @/w/a.py, both"
    assert prompts.message_of([text("see ("), LINK, text(")")])["text"] == "see (@/w/a.py)"


def test_a_file_that_is_no_text_is_named_alone() -> None:
    """Toad sends the bytes of every file that a prompt names."""
    block: Json = {"type": "resource", "resource": {"uri": "file:///w/a.zip", "blob": "UEsF"}}
    assert prompts.message_of([text("Unpack it"), block])["text"] == "Unpack it\n\n@/w/a.zip"
    block["resource"]["uri"] = "memory:a"
    with pytest.raises(Fault, match="no bytes"):
        prompts.message_of([block])


def test_images_go_beside_the_text_and_need_none() -> None:
    image = {"type": "image", "data": "AAAA", "mimeType": "image/png", "uri": "file:///w/shot.png"}
    sent = {"data": "AAAA", "mimeType": "image/png", "name": "shot.png"}
    assert prompts.message_of([text("look"), image]) == {"text": "look", "images": [sent]}
    bare = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
    assert prompts.message_of([bare]) == {"text": "", "images": [{**sent, "name": ""}]}
    for wrong in ({"type": "image", "data": 3}, {**image, "data": "A" * (prompts.LONGEST + 1)}):
        with pytest.raises(Fault):
            prompts.message_of([wrong])
