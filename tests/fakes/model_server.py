"""Owns the scripted model as tests use it: the server, and a Pi configuration that leads to it.

`claudette_cli.script` lists what a prompt may say. Tests wait for gates and requests, they never
sleep: `server.wait_held("name")`, `server.release("name")`, `server.wait(lambda asked: ...)`.
"""

import argparse
import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claudette_cli.demo.scripted_model import ScriptedModel

PROVIDER = "fake"


@dataclass(frozen=True)
class FakeModel:
    """One model that the server claims to have."""

    name: str
    window: int
    reasoning: bool = False
    images: bool = True

    def row(self) -> dict[str, Any]:
        return {
            "id": self.name,
            "name": self.name.capitalize(),
            "reasoning": self.reasoning,
            "input": ["text", "image"] if self.images else ["text"],
            "contextWindow": self.window,
            "maxTokens": 16_384,
            "cost": {"input": 1, "output": 2, "cacheRead": 0, "cacheWrite": 0},
        }


SMALL = FakeModel("small", 40_000)
LARGE = FakeModel("large", 1_000_000_000)
THINKER = FakeModel("thinker", 200_000, reasoning=True, images=False)
MODELS = (SMALL, LARGE, THINKER)


class ModelServer(ScriptedModel):
    """The server with the models that `write_pi_config` lists."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port, tuple(model.name for model in MODELS))


def write_pi_config(agent_dir: Path, port: int, models: tuple[FakeModel, ...] = MODELS) -> None:
    """Makes `agent_dir` fit for PI_CODING_AGENT_DIR: one provider, quick retries, no downloads."""
    provider = {
        "baseUrl": f"http://127.0.0.1:{port}/v1",
        "api": "openai-completions",
        "apiKey": "none-needed",
        "models": [model.row() for model in models],
    }
    settings = {
        "defaultProvider": PROVIDER,
        "defaultModel": models[0].name,
        "retry": {"baseDelayMs": 10},
        "compaction": {"reserveTokens": 4_000, "keepRecentTokens": 50},
    }
    agent_dir.mkdir(parents=True, exist_ok=True)
    _write(agent_dir / "models.json", {"providers": {PROVIDER: provider}})
    _write(agent_dir / "settings.json", settings)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def main() -> None:
    """Serves until it is told to end by a signal; one line says where."""
    parser = argparse.ArgumentParser(prog="tests.fakes.model_server")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with ModelServer(options.port) as server:
        told = {"port": server.port, "baseUrl": server.base_url}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
