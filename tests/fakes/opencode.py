"""Owns the surroundings of a real opencode in tests: its configuration and its environment."""

import json
import os
from pathlib import Path

from claudette_cli.demo.scripted_model import ScriptedModel
from tests.support.isolation import QUICK_BUN


def write_config(home: Path, model: ScriptedModel) -> None:
    """One provider, nothing fetched, and the user's own rules that let everything run."""
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": model.base_url, "apiKey": "none-needed"},
        "models": {"small": {"limit": {"context": 40_000, "output": 4_000}}},
    }
    config = {
        "autoupdate": False,
        "permission": {"bash": "allow", "edit": "allow"},
        "agent": {"build": {"permission": {"bash": {"*": "allow"}}}},
        "provider": {"fake": provider},
        "model": "fake/small",
        "small_model": "fake/small",
    }
    path = home / ".config/opencode/opencode.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(config), encoding="utf-8")
    _models(home).write_text("{}", encoding="utf-8")
    _pretend_installed(path.parent)


def _models(home: Path) -> Path:
    """The catalogue of all providers and models, which is empty: our own is in the configuration.
    opencode would read its own catalogue whole at each start."""
    return home / "models.json"


def _pretend_installed(directory: Path) -> None:
    """What plugins import, which none does here: opencode would ask a registry for it at each
    start, and use more of the processor for that than for all else."""
    (directory / "node_modules").mkdir()
    lock = {"packages": {"": {"dependencies": {"@opencode-ai/plugin": "*"}}}}
    (directory / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def environment(home: Path) -> dict[str, str]:
    return {
        "HOME": os.fspath(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "OPENCODE_DISABLE_MODELS_FETCH": "1",
        "OPENCODE_MODELS_PATH": os.fspath(_models(home)),
        **QUICK_BUN,
        "XDG_CONFIG_HOME": os.fspath(home / ".config"),
        "XDG_DATA_HOME": os.fspath(home / ".local/share"),
    }
