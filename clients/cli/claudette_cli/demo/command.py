"""Owns the command `demo`: what happens, in which order, and whether it went well."""

from __future__ import annotations

from claudette_cli.exits import DONE, Failure
from claudette_cli.terminal.output import Terminal, attended, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from claudette_cli.client.following import Following
    from claudette_cli.demo.role import DemoModel
    from claudette_cli.demo.world import World
    from claudette_cli.watch.turn import Viewer

    Json = dict[str, Any]


def declare_demo(parser: ArgumentParser) -> None:
    parser.description = (
        "Shows a real agent at work, offline: a scripted model drives it through a small task in "
        "directories of its own. You answer what it asks. Its daemon is killed meanwhile, twice, "
        "and nothing is lost. Nothing is left behind, and your own daemon is not touched."
    )


def run_demo(_: Namespace) -> int:
    # Imported here: no other command needs a model or a world.
    from claudette_cli.demo.role import DemoModel
    from claudette_cli.demo.world import World

    terminal = output()
    model = DemoModel(lambda: world.fixed)
    world = World(model.base_url)
    with model, world:
        return _Play(terminal, world, model).perform()


class _Play:
    """One performance."""

    def __init__(self, terminal: Terminal, world: World, model: DemoModel) -> None:
        self._terminal = terminal
        self._world = world
        self._model = model

    def perform(self) -> int:
        self._heading("A real agent, a scripted model, and a repository with a failing test")
        self._note(f"everything is in {self._world.root} and goes away in the end")
        chat_id = self._begin_chat()
        seen = self._watch(chat_id)
        self._heading("The transcript, as this client has seen it")
        self._terminal.say(seen)
        self._heading("Detached. The daemon is killed again (kill -9), and started again")
        self._world.kill_daemon()
        stored = self._attach_again(chat_id)
        self._heading("The transcript, as the new daemon reads it from its journal")
        self._terminal.say(stored)
        if seen != stored:
            raise Failure("The two transcripts differ; that is a fault in claudetted.")
        self._heading("Both are the same, to the letter")
        return DONE

    def _begin_chat(self) -> str:
        from claudette_cli.client.daemon import Daemon
        from claudette_cli.client.environment import carried
        from claudette_cli.demo.world import MODEL, PROVIDER

        params = {
            "cwd": str(self._world.project),
            "model": f"{PROVIDER}/{MODEL}",
            "env": carried(),
        }
        with Daemon() as daemon:
            return str(daemon.call("chat/create", params)["chat"]["id"])

    def _watch(self, chat_id: str) -> str:
        """Plays the turn with whoever is there; the transcript as they have seen it."""
        from claudette_cli.client.following import Following

        with Following(chat_id) as following:
            following.take()
            if attended():
                from claudette_cli.terminal.keys import Keys
                from claudette_cli.watch.viewers import ScreenViewer

                with Keys() as reading:
                    screen = ScreenViewer(self._terminal, following, reading)
                    return self._turn(following, screen)
            from claudette_cli.demo.audience import Nobody

            return self._turn(following, Nobody(self._terminal))

    def _turn(self, following: Following, viewer: Viewer) -> str:
        from claudette_cli.client.daemon import Daemon
        from claudette_cli.demo.audience import Witness
        from claudette_cli.demo.role import BEFORE_GATE, PROMPT
        from claudette_cli.watch.turn import watch

        with Daemon() as daemon:
            params = {"chatId": following.chat_id, "text": PROMPT}
            sent = daemon.call("turn/send", params)
        witness = Witness(viewer, BEFORE_GATE, self._kill_in_mid_sentence, self._resumed)
        turn = watch(following, sent, witness)
        if turn["reason"] != "done":
            raise Failure(f"The turn ended {turn['reason']}: {turn.get('error', '')}")
        return _transcript(following.fold.items)

    def _kill_in_mid_sentence(self) -> None:
        self._note("the daemon is killed now (kill -9), in mid-sentence; the agent goes on")
        self._world.kill_daemon()

    def _resumed(self) -> None:
        from claudette_cli.demo.role import GATE

        self._note("a new daemon runs, and this client has resumed where it was")
        self._model.release(GATE)

    def _attach_again(self, chat_id: str) -> str:
        from claudette_cli.client.daemon import Daemon
        from claudette_cli.client.reading import history

        with Daemon() as daemon:
            return _transcript(history(daemon, chat_id, None))

    def _heading(self, text: str) -> None:
        self._terminal.say("\n" + self._terminal.paint(f"━━ {text} ━━", "bold", "cyan") + "\n")

    def _note(self, text: str) -> None:
        self._terminal.say(self._terminal.paint(f"── {text}", "cyan") + "\n")


def _transcript(items: list[Json]) -> str:
    """As plain text, whole: what two clients must agree on."""
    import io

    from claudette_cli.rendering.items import Painter

    painter = Painter(Terminal(io.StringIO()), whole=True)
    return "\n\n".join("\n".join(lines) for item in items if (lines := painter.item(item)))


VERBS = {"demo": (declare_demo, run_demo)}
