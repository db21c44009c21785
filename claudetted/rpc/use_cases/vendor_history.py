"""Owns deleting a chat with what its agent's own program keeps of it."""

import os
import shutil

import trio

from claudetted.chat import removal
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId
from claudetted.protocol.chats import EraseResult
from claudetted.rpc.services import Services


async def erase(services: Services, chat_id: ChatId) -> EraseResult:
    """The chat goes first: what its agent keeps is removed once nobody adds to it."""
    actor = await services.manager.find(chat_id)
    traces = await removal.traces(services.manager, chat_id)
    harness, env = actor.state.chat.harness, actor.env
    await removal.delete(services.manager, chat_id)
    kept, problem = await trio.to_thread.run_sync(_remove, traces.paths)
    for session in traces.sessions:
        try:
            await services.harnesses.forget(harness, env, session)
        except errors.Fault as fault:
            kept, problem = [*kept, session], fault.message
    return EraseResult(kept, problem)


def _remove(paths: list[str]) -> tuple[list[str], str]:
    """What is still there, and why."""
    kept: list[str] = []
    problem = ""
    for path in paths:
        try:
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        except FileNotFoundError:
            continue  # It went with another one, or somebody was faster.
        except OSError as fault:
            kept, problem = [*kept, path], f"{path} could not be removed: {fault.strerror}."
    return kept, problem
