"""Owns what an editor is asked: permission requests and questions of a chat. Pure."""

from __future__ import annotations

from claudette_cli.acp import hunks, updates
from claudette_cli.terminal import invisible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Json = dict[str, Any]

DENY = "deny"
_ALLOW = {
    "once": ("allow_once", "Allow once", "allow_once"),
    "chat": ("chat", "Allow in this chat", "allow_always"),
    "workspace": ("workspace", "Allow in this project", "allow_always"),
}
"""By scope: the option's id, name and kind. avante takes `allow_once` alone for an allowing one."""
_MORE = {"several": "choose several", "free": "answer with a text of your own"}
"""What a number cannot say, by the name of what allows it."""
_LONGEST_TITLE = 500
"""Characters."""


def permission(asked: Json, scopes: Iterable[str], *, title_alone: bool = False) -> Json:
    """The parameters of `session/request_permission`, but for the session. `asked` holds its
    request whole; `scopes` are those it is offered for. `title_alone`: nothing else of a call is
    shown, so it has the whole command."""
    request = asked["request"]
    options = [
        {"optionId": _ALLOW[scope][0], "name": _named(scope, asked), "kind": _ALLOW[scope][2]}
        for scope in scopes
    ]
    denying = {"optionId": DENY, "name": "Deny", "kind": "reject_once"}
    call: Json = {
        "toolCallId": asked["itemId"],
        "title": _title(request, None if title_alone else _LONGEST_TITLE),
        "name": request["tool"],
        "kind": updates.kind_of_access(request["access"]),
        "status": "pending",
        "content": _content(asked),
        "rawInput": _given(request),
    }
    if places := updates.locations(request.get("paths", [])):
        call["locations"] = places
    return {"toolCall": call, "options": [*options, denying]}


def offered(asked: Json) -> list[str]:
    """For how long it can be allowed here, the shortest first."""
    return [scope for scope in _ALLOW if scope == "once" or scope in asked.get("scopes", [])]


def scope_of(option: Any) -> str | None:
    """What the option allows; None for one that allows nothing."""
    return next((scope for scope, offer in _ALLOW.items() if offer[0] == option), None)


def in_words(asked: Json) -> str:
    """What a card holds, for an editor that shows only its title: said before it is asked."""
    request = asked["request"]
    texts = [text for text in _texts(asked) if text]
    if request.get("diff"):
        texts.append(updates.fenced(request["diff"], "diff"))
    return "\n\n" + "\n\n".join([f"**{_title(request, _LONGEST_TITLE)}**", *texts]) + "\n\n"


def resolved(item_id: str, resolution: Json) -> Json:
    """What shows that a card is over, also where the editor goes on showing it."""
    outcome = resolution["outcome"]
    allowed = outcome == "allow"
    update: Json = {
        "sessionUpdate": "tool_call_update",
        "toolCallId": item_id,
        "status": "in_progress" if allowed else "failed",
    }
    if not allowed:
        reason = f": {resolution['reason']}" if resolution.get("reason") else ""
        over = "Denied" if outcome == "deny" else outcome.capitalize()
        update["content"] = [updates.text_content(f"{over} by {resolution['by']}{reason}")]
    return update


def waits_elsewhere(asked: Json) -> Json:
    """For a bridge that may not approve: that it waits, and where."""
    text = f"Waits for approval elsewhere, such as: claudette approve {asked['id']}"
    return {
        "sessionUpdate": "tool_call_update",
        "toolCallId": asked["itemId"],
        "status": "pending",
        "content": [*_content(asked), updates.text_content(text)],
    }


def elicitation(question: Json) -> Json | None:
    """The parameters of `elicitation/create`, but for the session. None for what no form may ask:
    secrets."""
    if question.get("secret"):
        return None
    schema: Json = {"type": "object", "properties": {"answer": _answer(question)}}
    if question.get("options") and question.get("free"):
        schema["properties"]["other"] = {"type": "string", "title": "Another answer"}
    else:
        schema["required"] = ["answer"]
    return {"mode": "form", "message": _question(question), "requestedSchema": schema}


def filled_in(question: Json, content: Json) -> str | None:
    """The answer of a form; None where nothing was chosen or written."""
    answer, other = content.get("answer"), content.get("other")
    if not question.get("options"):
        return answer if isinstance(answer, str) else None
    chosen = answer if isinstance(answer, list) else [answer]
    written = [other.strip()] if isinstance(other, str) else []
    told = [*chosen, *written] if question.get("several") else [*written, *chosen][:1]
    return "\n".join(one for one in told if isinstance(one, str) and one) or None


def asked_in_words(question: Json) -> str:
    """For an editor without forms: a bare number answers it as the next message."""
    options = question.get("options", [])
    rows = [f"{number}. {_option(option)}" for number, option in enumerate(options, 1)]
    how = _how(question)
    return "\n\n" + "\n".join([f"**{_question(question)}**", "", *rows, "", how]) + "\n\n"


def _named(scope: str, asked: Json) -> str:
    """With the rules that it would leave behind."""
    name = _ALLOW[scope][1]
    rules = ", ".join(rule["text"] for rule in asked.get("suggested", []))
    return name if scope == "once" or not rules else f"{name}: {rules}"


def _title(request: Json, longest: int | None) -> str:
    """The command on one line, or the paths; what cannot be seen is written out."""
    shown = request.get("command") or " ".join(request.get("paths", [])) or request["tool"]
    line = "".join(
        "⏎" if mark == "\n" else invisible.escaped(mark) if invisible.is_invisible(mark) else mark
        for mark in shown
    )
    more = len(line) - (longest or len(line))
    return line if more <= 0 else f"{line[:longest]}… ({more} characters more)"


def _content(asked: Json) -> list[Json]:
    """The change comes first: some editors look no further."""
    shown = [updates.text_content(text) for text in dict.fromkeys(_texts(asked)) if text]
    return [*hunks.of(asked["request"].get("diff", "")), *shown]


def _texts(asked: Json) -> list[str]:
    request = asked["request"]
    texts = [asked.get("why", ""), request.get("reason", "")]
    if request.get("command"):
        texts.append(updates.fenced(request["command"]))
    elif request.get("input"):
        texts.append(updates.fenced(request["input"]))
    if cut := [request[name] for name in ("diffBytes", "inputBytes") if request.get(name)]:
        texts.append(f"Not all of it is shown: it has {cut[0]:,} bytes.")
    hidden = invisible.named(" ".join([request.get("command", ""), *request.get("paths", [])]))
    if hidden:
        texts.append(f"⚠ It holds characters that cannot be seen: {', '.join(hidden)}")
    return texts


def _given(request: Json) -> Json:
    names = ("command", "cwd", "paths", "hosts")
    return {name: request[name] for name in names if request.get(name)}


def _answer(question: Json) -> Json:
    """The field of the form."""
    field: Json = {"type": "string", "title": question["title"]}
    options = question.get("options", [])
    offered = [{"const": option["id"], "title": _option(option)} for option in options]
    if options and question.get("several"):
        return field | {"type": "array", "items": {"anyOf": offered}}
    return field | ({"oneOf": offered} if options else {})


def _how(question: Json) -> str:
    """What an editor without forms cannot ask for is answered elsewhere."""
    elsewhere = f"in a terminal: claudette answer {question['id']}"
    if not question.get("options"):
        return f"Answer it {elsewhere}"
    more = " or ".join(name for key, name in _MORE.items() if question.get(key))
    return "Send the number of an answer." + (f" Or {more} {elsewhere}" if more else "")


def _question(question: Json) -> str:
    return " ".join(filter(None, (question["title"], question.get("about"))))


def _option(option: Json) -> str:
    about = f" ({option['about']})" if option.get("about") else ""
    return f"{option['label']}{about}"
