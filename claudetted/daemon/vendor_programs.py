"""Owns asking a vendor's own program about itself: its version, and whether it is signed in."""

import logging
import os
import re
from collections.abc import Mapping

import trio

from claudetted.harnesses.harness import Harness, Program
from claudetted.protocol.sidecar import Inspected
from claudetted.sidecar.capture import Said, ran

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
_VERSION = re.compile(r"\d+\.\d+[\w.+-]*")


async def inspected(agent: Harness, program: Program, env: Mapping[str, str]) -> Inspected:
    """Raises HarnessMissing."""
    path = program.find(env, os.environ)
    said: dict[str, Said] = {}

    async def ask(what: str, *words: str) -> None:
        said[what] = await _said([path, *words], {**env, **program.quiet})

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, "version", "--version")
        nursery.start_soon(ask, "status", *program.status)
    version = _VERSION.search(said["version"].out.decode(errors="replace"))
    signed_in = said["status"].code == 0
    if version is None:
        problem = f"{path} does not say which version it is; run `{path} --version` to see why."
    else:
        problem = "" if signed_in else f"{agent.name} is not signed in: {agent.sign_in}"
    return Inspected(agent.name, version[0] if version else "", signed_in, problem=problem)


async def _said(argv: list[str], env: Mapping[str, str]) -> Said:
    """What runs the program may be beside it alone."""
    path = os.pathsep.join([env.get("PATH", os.defpath), os.path.dirname(argv[0])])
    try:
        return await ran(argv, {**env, "PATH": path}, PATIENCE_SECONDS)
    except OSError as error:
        logger.warning("%s cannot be asked: %s", argv[0], error)
        return Said(b"", None)
