"""What an editor is asked, as its protocol has it."""

from typing import Any

import pytest

from claudette_cli.acp import cards

Json = dict[str, Any]


def asked(scopes: tuple[str, ...] = (), **request: Any) -> Json:
    given: Json = {"tool": "bash", "access": "run", "digest": "d", **request}
    suggested = [{"text": "allow bash command git push"}]
    return {"id": "c.p1", "itemId": "i", "request": given, "scopes": scopes, "suggested": suggested}


def card(**request: Any) -> Json:
    return cards.permission(asked(**request), ["once"])


def texts(shown: Json) -> str:
    return "\n".join(
        content["content"]["text"]
        for content in shown["toolCall"]["content"]
        if content["type"] == "content"
    )


def test_a_command_is_in_the_title_and_whole_in_the_content() -> None:
    command = "cat <<X\n```\nX\n" + "echo long\n" * 200
    shown = card(command=command)
    assert shown["toolCall"]["title"].startswith("cat <<X⏎```⏎X⏎echo long⏎")
    assert "characters more)" in shown["toolCall"]["title"]
    assert f"````\n{command}````" in texts(shown)


def test_what_cannot_be_seen_is_written_out_and_warned_of() -> None:
    shown = card(command="rm \u202ea\u200b")
    assert shown["toolCall"]["title"] == "rm \\u202ea\\u200b"
    assert "U+202E RIGHT-TO-LEFT OVERRIDE" in texts(shown)


def test_a_wider_allow_names_the_rule_that_it_leaves() -> None:
    request = asked(("once", "chat", "user"), command="git push")
    options = cards.permission(request, cards.offered(request))["options"]
    assert [(option["optionId"], option["kind"]) for option in options] == [
        ("allow_once", "allow_once"),
        ("chat", "allow_always"),
        ("deny", "reject_once"),
    ]
    assert options[1]["name"] == "Allow in this chat: allow bash command git push"


def test_what_stays_cut_says_so() -> None:
    shown = card(tool="mcp", input='{"a": 1', inputBytes=90_000_000)
    assert "Not all of it is shown: it has 90,000,000 bytes." in texts(shown)


DIFF = "--- a.txt\n+++ a.txt\n@@ -1 +1 @@\n-one\n+two\n"


def test_a_change_comes_before_the_words_about_it() -> None:
    shown = card(tool="edit", paths=["a.txt"], reason="because", diff=DIFF)
    kinds = [content["type"] for content in shown["toolCall"]["content"]]
    assert kinds == ["diff", "content"]


def test_an_editor_that_shows_a_title_alone_has_the_whole_command_in_it() -> None:
    shown = cards.permission(asked(command="x" * 5000), ["once"], title_alone=True)
    assert shown["toolCall"]["title"] == "x" * 5000


def test_a_card_can_be_said_in_words() -> None:
    words = cards.in_words(asked(tool="edit", paths=["a.txt"], diff=DIFF))
    assert words.startswith("\n\n**a.txt**\n\n")
    assert f"```diff\n{DIFF}```" in words


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("allow", "in_progress"), ("deny", "failed"), ("withdrawn", "failed"), ("lost", "failed")],
)
def test_a_card_that_is_over_says_how(outcome: str, status: str) -> None:
    update = cards.resolved("i", {"outcome": outcome, "by": "cli", "reason": "no"})
    assert update["status"] == status
    assert ("by cli: no" in str(update)) == (outcome != "allow")


def test_a_question_is_a_form_where_there_are_forms_and_else_a_number() -> None:
    options = [{"id": "yes", "label": "Trust it"}, {"id": "no", "label": "No", "about": "later"}]
    question: Json = {"id": "q", "chatId": "c", "title": "Trust /w?", "options": options}
    form = cards.elicitation(question)
    assert form is not None
    assert form["requestedSchema"]["properties"]["answer"]["oneOf"][1] == {
        "const": "no",
        "title": "No (later)",
    }
    words = cards.asked_in_words(question)
    assert "1. Trust it" in words
    assert "2. No (later)" in words


OPTIONS = [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]


@pytest.mark.parametrize(
    ("allowed", "content", "answer"),
    [
        ({}, {"answer": "a"}, "a"),
        ({}, {"answer": 1}, None),
        ({}, {}, None),
        ({"free": True}, {"answer": "a", "other": None}, "a"),
        ({"free": True}, {"answer": "a", "other": "c"}, "c"),
        ({"free": True}, {"other": " "}, None),
        ({"several": True}, {"answer": ["b", "a"]}, "b\na"),
        ({"several": True}, {"answer": [1, ""]}, None),
        ({"several": True, "free": True}, {"answer": ["a"], "other": "c"}, "a\nc"),
        ({"options": []}, {"answer": ""}, ""),
        ({"options": []}, {}, None),
    ],
)
def test_a_form_that_is_filled_in_is_an_answer(
    allowed: Json, content: Json, answer: str | None
) -> None:
    question: Json = {"title": "Which?", "options": OPTIONS, **allowed}
    assert cards.filled_in(question, content) == answer


@pytest.mark.parametrize(
    ("allowed", "more"),
    [
        ({}, ""),
        ({"free": True}, " Or answer with a text of your own in a terminal: claudette answer q"),
        ({"several": True}, " Or choose several in a terminal: claudette answer q"),
    ],
)
def test_in_words_it_is_said_how_to_answer_with_more_than_a_number(
    allowed: Json, more: str
) -> None:
    question: Json = {"id": "q", "title": "Which?", "options": OPTIONS, **allowed}
    told = cards.asked_in_words(question).strip().splitlines()[-1]
    assert told == f"Send the number of an answer.{more}"


def test_a_secret_is_asked_for_in_a_terminal_alone() -> None:
    question: Json = {"id": "q", "title": "The key?", "secret": True}
    assert cards.elicitation(question) is None
    assert "claudette answer q" in cards.asked_in_words(question)
