"""The files of a workspace, found once and searched at every Tab."""

import subprocess
import time
from pathlib import Path

from claudette_cli.attach import files


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    for name in (".gitignore", "src/a.py", "ignored.log", "new.txt"):
        (tmp_path / name).write_text("*.log\n")
    assert sorted(files.find(str(tmp_path))) == [".gitignore", "ignored.log", "new.txt", "src/a.py"]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert sorted(files.find(str(tmp_path))) == [".gitignore", "new.txt", "src/a.py"]


def test_the_likeliest_comes_first() -> None:
    names = ["lib/notes.md", "notes.md", "old/my-notes.md", "x"]
    assert files.matching(names, "Notes", 10) == ["notes.md", "lib/notes.md", "old/my-notes.md"]


def test_a_hundred_thousand_files_are_searched_while_a_person_waits() -> None:
    names = [f"src/package{number % 97}/module{number}.py" for number in range(100_000)]
    began = time.process_time()
    assert len(files.matching(names, "module9999", 200)) == 11
    assert time.process_time() - began < 1
