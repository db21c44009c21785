"""Picking a model: the few that matter first, all of them on demand, one search over everything."""

from claudette_cli.terminal.picking import Choice
from tests.unit.cli.fake_daemon import Json


def model(name: str, group: str, *, primary: bool = False, window: int = 200_000) -> Json:
    row = {"id": f"{group.lower()}/{name}", "name": name.upper(), "group": group}
    return {**row, "primary": primary, "contextWindow": window}


MODELS = [
    model("gpt-5", "OpenAI", primary=True),
    model("gpt-4", "OpenAI"),
    model("grok", "XAI", primary=True),
    model("old-grok", "XAI"),
]


def ids(choice: Choice) -> list[str]:
    return [row["id"] for row in choice.rows]


def test_primary_ones_are_shown_first_and_all_on_demand() -> None:
    choice = Choice(MODELS, "")
    assert ids(choice) == ["openai/gpt-5", "xai/grok"]
    assert (False, "OpenAI (Tab: show all 2)") in choice.lines(10, 80)
    choice.show_all()
    assert len(choice.rows) == 4


def test_the_current_one_is_always_shown_and_marked() -> None:
    choice = Choice(MODELS, "openai/gpt-4")
    assert choice.marked == MODELS[1]
    assert (True, "• openai/gpt-4  GPT-4  200k") in choice.lines(10, 80)


def test_one_search_finds_ids_names_and_groups_among_all() -> None:
    choice = Choice(MODELS, "")
    choice.search("GROK")
    assert ids(choice) == ["xai/grok", "xai/old-grok"]
    choice.search("openai 4")
    assert ids(choice) == ["openai/gpt-4"]
    choice.search("nothing")
    assert choice.marked is None
    choice.move(1)


def test_moving_goes_around() -> None:
    choice = Choice(MODELS, "")
    choice.move(-1)
    assert choice.marked == MODELS[2]
    choice.move(1)
    assert choice.marked == MODELS[0]


def test_only_what_fits_is_shown_and_the_marked_row_is_among_it() -> None:
    many = [model(f"m{n}", "G", primary=True) for n in range(500)]
    choice = Choice(many, "g/m250")
    lines = choice.lines(11, 80)
    assert len(lines) == 11
    assert any(marked and "g/m250" in text for marked, text in lines)


def test_models_are_grouped_by_the_agent_that_runs_them_if_there_are_several() -> None:
    local = {**model("qwen", "Ollama", primary=True), "runtime": "Claude CLI"}
    choice = Choice([MODELS[0], local, MODELS[2]], "")
    assert [text for _, text in choice.lines(10, 80)][::2] == [
        "Pi: OpenAI",
        "Pi: XAI",
        "Claude CLI: Ollama",
    ]
    choice.search("claude")
    assert ids(choice) == ["ollama/qwen"]


def test_a_group_that_two_agents_have_is_counted_for_each() -> None:
    theirs = {**model("o3", "OpenAI", primary=True), "runtime": "Codex CLI"}
    heads = [text for marked, text in Choice([*MODELS, theirs], "").lines(10, 80) if not marked]
    assert "Pi: OpenAI (Tab: show all 2)" in heads
    assert "Codex CLI: OpenAI" in heads
