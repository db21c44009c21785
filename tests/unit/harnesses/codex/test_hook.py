"""The hook that Codex runs before a call."""

from pathlib import Path

from claudetted.harnesses.codex import hook

BEFORE = "one\ntwo\nthree\nfour\n"


def test_the_hook_reads_what_a_patch_changes_and_follows_links(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text(BEFORE)
    (tmp_path / "a.txt").symlink_to(tmp_path / "real.txt")
    given = {"command": "*** Update File: a.txt\n*** Add File: new.txt\n"}
    call: dict[str, object] = {
        "tool_name": "apply_patch",
        "tool_input": given,
        "cwd": f"{tmp_path}",
    }
    assert hook.look_at(call) == {
        "real": {"a.txt": str(tmp_path / "real.txt"), "new.txt": str(tmp_path / "new.txt")},
        "files": {"a.txt": BEFORE},
    }


def test_the_hook_denies_when_nobody_can_be_asked(tmp_path: Path) -> None:
    assert hook.ask(str(tmp_path), b"{}") == ""
    assert "'deny'" in str(hook.denial("nobody"))
