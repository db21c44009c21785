"""Owns reading the name of a model in a request: which one it means, and whether it may be used."""

from collections.abc import Mapping

from claudetted.rpc.desk import Desk


async def meant(
    desk: Desk, name: str, env: Mapping[str, str] | None = None, *, look_again: bool = True
) -> str:
    """The model's id. Raises AnthropicBlocked, before anything is looked for, and ModelUnknown."""
    await desk.block.check(name, env)
    return await desk.models.resolve(name, look_again=look_again)
