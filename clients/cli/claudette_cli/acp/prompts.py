"""Owns what an editor sends: content blocks as a message, its text and its images. Pure."""

from __future__ import annotations

import re

from claudette_cli.acp.messages import INVALID_PARAMS, Fault
from claudette_cli.acp.updates import fenced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

LONGEST = 15 << 20
"""Bytes of a message; the daemon reads lines of 16 MiB."""

_FOLLOWS_A_LINK = " \t\r\n.,;:!?)]}'\""
_LINES = re.compile(r"L?(\d+)(?:[-:]L?(\d+))?$")


def message_of(blocks: Any) -> Json:
    """The text and the images, as `turn/send` has them. Raises Fault for what cannot be sent."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Fault(INVALID_PARAMS, "The prompt is not a list of content blocks.")
    text = _joined(blocks).strip()
    images = [_image(block) for block in blocks if block.get("type") == "image"]
    if not text and not images:
        raise Fault(INVALID_PARAMS, "The prompt is empty.")
    size = len(text.encode(errors="replace")) + sum(len(image["data"]) for image in images)
    if size > LONGEST:
        raise Fault(INVALID_PARAMS, f"A prompt may have {LONGEST >> 20} MiB, its images included.")
    return {"text": text, "images": images} if images else {"text": text}


def _image(block: Json) -> Json:
    data, kind, uri = block.get("data"), block.get("mimeType"), block.get("uri")
    if not isinstance(data, str) or not isinstance(kind, str):
        raise Fault(INVALID_PARAMS, "An image needs its data in base64 and its mimeType.")
    name = uri.rpartition("/")[2][:200] if isinstance(uri, str) else ""
    return {"data": data, "mimeType": kind, "name": name}


def _joined(blocks: list[Json]) -> str:
    """A text that follows a text is a paragraph of its own, and a link ends before a word."""
    text, before = "", ""
    for block in blocks:
        kind, piece = block.get("type"), _block(block)
        if kind == before == "text" and not text.endswith("\n"):
            text += "\n\n"
        elif before == "resource_link" and piece and piece[0] not in _FOLLOWS_A_LINK:
            text += " "
        text, before = text + piece, str(kind)
    return text


def _block(block: Json) -> str:
    kind = block.get("type")
    if kind == "image":
        return ""
    if kind == "text":
        return str(block.get("text", ""))
    if kind == "resource_link":
        return _mention(str(block.get("uri", "")))
    if kind == "resource" and isinstance(block.get("resource"), dict):
        return _resource(block["resource"])
    raise Fault(
        INVALID_PARAMS,
        f"A prompt cannot hold content of the type {kind!r}: send text, images, files or links to "
        "them.",
    )


def _resource(resource: Json) -> str:
    """A file, or a part of one, with its text where the editor has sent that along. The agent reads
    one that is no text where it is."""
    named = _mention(str(resource.get("uri", "")))
    if isinstance(resource.get("text"), str):
        return f"\n\n{named}\n{fenced(resource['text'])}\n\n"
    if named.startswith("@/"):
        return f"\n\n{named}\n\n"
    raise Fault(INVALID_PARAMS, "A prompt can hold no bytes but those of files.")


def _mention(uri: str) -> str:
    """As a person would name it: a path with the lines that are meant, or the address."""
    from urllib.parse import unquote, urlsplit

    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    if parts.scheme != "file":
        return uri
    lines = _LINES.match(parts.fragment)
    place = ":" + "-".join(filter(None, lines.groups())) if lines else ""
    return f"@{unquote(parts.path)}{place}"
