"""Notes of what Codex keeps of a chat."""

from pathlib import Path

from claudetted.harnesses.codex import notes


def test_what_codex_keeps_of_a_chat_is_found_by_its_notes(tmp_path: Path) -> None:
    sessions, rollout = tmp_path / "sessions", tmp_path / "rollout-T1.jsonl"
    rollout.touch()
    note = notes.path(str(sessions / "s1"), "T1")
    notes.write(note, notes.Note(str(rollout)))
    notes.write(notes.path(str(sessions / "s2"), "T2"), notes.Note("/gone"))
    (sessions / "s1" / f"torn{notes.SUFFIX}").write_text("{")
    assert notes.thread(note) == "T1"
    assert notes.history(sessions) == [str(rollout)]
