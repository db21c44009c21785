"""The one shape in which every agent's plan is told."""

import msgspec

from claudetted.harnesses import plans


def test_a_plan_is_told_in_fields_and_in_words() -> None:
    entries = [
        plans.Entry("Look", "completed"),
        plans.Entry("Fix", "in_progress"),
        plans.Entry("Test", "whenever"),
    ]
    told = plans.told(entries, "running", "Step by step.")
    assert told.text == "Step by step.\n[x] Look\n[~] Fix\n[ ] Test"
    assert (told.tool.name, told.tool.title, told.tool.phase) == ("plan", "1 of 3 done", "running")
    assert msgspec.json.decode(told.tool.input) == {
        "entries": [
            {"content": "Look", "status": "completed"},
            {"content": "Fix", "status": "in_progress"},
            {"content": "Test", "status": "pending"},
        ]
    }
