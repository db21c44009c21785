"""Owns the images of messages: whether the chat's agent takes them, and where it finds them."""

from claudetted.chat.plans import agent_process
from claudetted.chat.step import Step
from claudetted.protocol import errors, places, sidecar
from claudetted.protocol.images import Image


def check(step: Step, images: list[Image]) -> None:
    """Raises NotSupported for images that nobody would see."""
    chat = step.state.chat
    if not chat.capabilities.images:
        raise agent_process.unsupported(
            step,
            "images",
            "takes no images; send the message without them, or choose another model or agent",
        )
    if why := refusal(step, images):
        raise errors.NotSupported(why, harness=chat.harness, capability="images")


def refusal(step: Step, images: list[Image]) -> str:
    """Why the chat's model cannot be shown images; empty if it can, or nobody knows."""
    if not images or step.policy.takes_images(step.state.chat) is not False:
        return ""
    model = step.state.chat.model or step.state.chat.model_used
    return (
        f"{model} takes no images. Choose a model that does, with /model in the chat, or send the "
        "message without images."
    )


def files(step: Step, images: list[Image]) -> list[sidecar.ImageFile]:
    """As the sidecar finds them."""
    directory = places.images_dir(step.chat_id)
    return [
        sidecar.ImageFile(str(directory / image.id), image.mime_type, image.name)
        for image in images
    ]
