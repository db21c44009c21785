"""Owns a chat's life outside its turns: created, named, configured, put away, reset."""

from msgspec.structs import replace

from claudetted.chat.plans import agent_process, compactions
from claudetted.chat.state.agent import Agent, WhenGone
from claudetted.chat.step import Step
from claudetted.protocol import chats, errors, events as ev, sidecar
from claudetted.providers.claude import masked, without_tokens


def create(step: Step, chat: chats.Chat, env: dict[str, str]) -> None:
    step.emit(ev.ChatCreated(chat))
    step.effects.env = masked(env)


def rename(step: Step, title: str) -> None:
    chat = replace(step.state.chat, title=title, title_source="person")
    step.emit(ev.ChatConfigured(chat))


def archive(step: Step) -> None:
    """Puts the chat away. Its agent is ended; its session stays for a restore."""
    if not step.state.chat.archived_at:
        step.emit(ev.ChatArchived(step.at))
        agent_process.end_politely(step)


def restore(step: Step) -> None:
    if step.state.chat.archived_at:
        step.emit(ev.ChatRestored())


def remove(step: Step) -> None:
    """The chat goes with everything, as soon as its process is gone."""
    _do_when_gone(step, "remove")


def reset(step: Step, hide: bool) -> None:
    """The agent starts afresh, as soon as its process is gone."""
    _do_when_gone(step, "hide" if hide else "reset")


def _do_when_gone(step: Step, what: WhenGone) -> None:
    if step.agent.when_gone != "remove":
        step.agent = replace(step.agent, when_gone=what)
    if step.agent.stage == "none":
        settle(step)
    else:
        agent_process.end_politely(step)


def settle(step: Step) -> None:
    """The process is gone: what waited for that is done before anything else begins."""
    what = step.agent.when_gone
    step.agent = replace(step.agent, when_gone="")
    if what == "remove":
        step.effects.remove = True
    elif what:
        _begin_afresh(step, hide=what == "hide")


def _begin_afresh(step: Step, hide: bool) -> None:
    step.effects.afresh = True
    compactions.withdraw(step, "The chat was reset before the compaction began.")
    step.agent = replace(
        step.agent, session_path="", note="", failure="", start_error=None, crashes=0
    )
    if hide:
        step.write.hide_items = step.item_count
    step.emit(ev.ChatReset(hidden=hide))
    step.add_notice(
        "reset", "The agent's new session starts here; it does not know the messages above."
    )
    step.emit(ev.ContextChanged(chats.Context(None, step.state.chat.context.window)))


_CONFIGURED = (("backend", "model"), ("level",), ("thinking",))


def configure(step: Step, params: chats.ConfigureParams) -> int | None:
    """Takes effect on the agent's next step. The number of the request to its sidecar, if any.

    Only an agent can tell whether there is a model: one is started for that if none runs.
    Raises the Fault of a route that leads nowhere here.
    """
    chat = step.state.chat
    changed = replace(
        chat,
        backend=params.backend or chat.backend,
        model=params.model or chat.model,
        level=params.level or chat.level,
        thinking=params.thinking or chat.thinking,
    )
    if params.model and step.agent.model_by_default:
        step.agent = replace(step.agent, model_by_default=False)
        step.touch()
    if changed == chat:
        return None
    if params.thinking and not chat.capabilities.thinking:
        raise agent_process.unsupported(step, "thinking", "has no effort that could be set")
    endpoint = step.may_run(changed) if params.model else step.agent.endpoint
    step.emit(ev.ChatConfigured(changed))
    step.agent = replace(step.agent, crashes=0, endpoint=endpoint)
    if step.agent.stage == "none" and changed.model != chat.model and not chat.archived_at:
        step.agent = replace(step.agent, failure="", start_error=None)
        agent_process.ensure(step)
        return step.agent.input_n
    if step.agent.stage not in ("starting", "ready"):
        return None
    step.request(
        "configure",
        lambda n: sidecar.Configure(
            n,
            params.model or "",
            params.thinking or "",
            params.level or "",
            endpoint=endpoint if params.model else None,
        ),
    )
    return step.agent.input_n


def move(step: Step, cwd: str, workspace: str, rules: int) -> None:
    """Another directory from the next turn on, with the same session; `rules` stay with the old
    workspace. Raises ChatBusy."""
    chat = step.state.chat
    if step.state.running or step.state.compacting or step.agent.stopping:
        message = "The chat works in its directory now: stop it, or wait for the end, then move it."
        raise errors.ChatBusy(message, status=chat.status.name)
    if (cwd, workspace) == (chat.cwd, chat.workspace):
        return
    step.emit(ev.ChatConfigured(replace(chat, cwd=cwd, workspace=workspace)))
    step.agent = replace(step.agent, crashes=0, failure="", start_error=None)
    agent_process.end_politely(step)
    if workspace != chat.workspace:
        said = f"The chat works in {workspace} from here on."
        if rules:
            said += f" The rules of {chat.workspace} ({rules}) stay with that."
        step.add_notice("info", said)


def begin_with(step: Step, backend: str, model: str) -> None:
    """The model of a chat that chose none; empty for the agent's own default. Whoever chose one
    meanwhile is right."""
    chat = step.state.chat
    if takes_default(chat, step.agent):
        step.emit(ev.ChatConfigured(replace(chat, backend=backend, model=model or None)))
        step.agent = replace(
            step.agent, model_by_default=bool(model), crashes=0, failure="", start_error=None
        )


def takes_default(chat: chats.Chat, agent: Agent) -> bool:
    """Nobody chose a model for it, and none has answered it."""
    chosen = chat.model and not agent.model_by_default
    return not (chosen or chat.model_used or agent.stage in ("starting", "ready"))


def take_back(step: Step, before: chats.Chat, params: chats.ConfigureParams, n: int) -> None:
    """The agent refused: all is what it was, but for what somebody else has changed since."""
    chat = step.state.chat
    for names in _CONFIGURED:
        asked = [getattr(params, name) or getattr(before, name) for name in names]
        if asked == [getattr(chat, name) for name in names]:
            chat = replace(chat, **{name: getattr(before, name) for name in names})
    rest = {number: error for number, error in step.agent.refusals.items() if number != n}
    # What it knows is told again when it matters.
    step.agent = replace(step.agent, refusals=rest, endpoint=None)
    step.emit(ev.ChatConfigured(chat))


def carry_environment(step: Step, known: dict[str, str], carried: dict[str, str]) -> None:
    """A client came with another environment than `known`, the chat's: from the next command on
    it is that one. What the client does not name stays."""
    known, carried = masked(known), masked(carried)
    changed = {name: value for name, value in carried.items() if known.get(name, "") != value}
    if not changed:
        return
    step.effects.env = {name: value for name, value in {**known, **changed}.items() if value}
    step.touch()
    if step.agent.stage in ("starting", "ready"):
        step.send(sidecar.Environment(without_tokens(changed)))
    if step.state.turn:
        names = ", ".join(sorted(changed))
        step.add_notice("info", f"The agent's next commands have the client's {names}.")


def refresh_environment(step: Step, env: dict[str, str]) -> None:
    """Used by the chat's next sidecar."""
    step.touch()
    step.effects.env = masked(env)
