"""Owns the blocks of a prompt: the texts, then the images."""

from claudetted.harnesses import images
from claudetted.harnesses.acp.agent import Agent
from claudetted.harnesses.acp.disk import Disk
from claudetted.harnesses.acp.refusals import Refused
from claudetted.protocol import sidecar as sc

Block = dict[str, str]


def blocks(agent: Agent, disk: Disk, texts: list[str], files: list[sc.ImageFile]) -> list[Block]:
    """Raises Refused for images that the agent does not take, or that cannot be read."""
    if files and not agent.initialized.sees:
        text = f"{agent.name} takes no images; send the message without them."
        raise Refused(text, "NotSupported", capability="images")
    said = [{"type": "text", "text": text} for text in texts if text]
    try:
        shown = [
            {"type": "image", "mimeType": kind, "data": data}
            for kind, data in images.in_base64(files, disk.read)
        ]
    except images.Unreadable as fault:
        raise Refused(str(fault)) from fault
    return [*said, *shown]
