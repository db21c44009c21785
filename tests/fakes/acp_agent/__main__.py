"""An agent that speaks the Agent Client Protocol and follows scripts.

What it is like is in FAKE_ACP, a JSON object; every key may be left out:

    die         exits with this code at its start, with a word on stderr
    hang        never answers this method
    garbage     begins with lines that are no messages
    version     the protocol version that it answers with
    auth        wants its user to sign in: session/new is refused
    name        what it calls itself
    mode        the mode it begins in: ask (default) or auto, in which it does not ask
    modes       false: it has none
    forget      true: it takes a mode without changing to it
    images      false: it takes none
    load, resume   false: it cannot
    delete      true: it can remove a session
    late        true: it tells the replay after it has answered session/load
    waits       true: a cancelled turn ends once its permissions are answered
    legacy      true: modes and models in fields of their own
    commands    names of its slash commands
"""

import gc
import os
import sys

gc.disable()
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
sys.path[:0] = [_ROOT, os.path.join(_ROOT, "clients", "cli")]

import json  # noqa: E402

from tests.fakes.acp_agent.agent import Agent  # noqa: E402

if __name__ == "__main__":
    Agent(json.loads(os.environ.get("FAKE_ACP", "{}")), os.environ.get("FAKE_GATES", "")).serve()
