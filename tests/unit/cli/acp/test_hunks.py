"""Unified diffs as editors want a change."""

from claudette_cli.acp import hunks

TWO = """--- a/b.sql
+++ a/b.sql
@@ -1,3 +1,3 @@
 one
--- old comment
+-- new comment
 three
@@ -9 +9,2 @@
 nine
+ten
"""


def test_a_file_is_one_change_of_all_its_hunks() -> None:
    (only,) = hunks.of(TWO)
    assert only == {
        "type": "diff",
        "path": "a/b.sql",
        "oldText": "one\n-- old comment\nthree\n@@ -9 +9,2 @@\nnine\n",
        "newText": "one\n-- new comment\nthree\n@@ -9 +9,2 @@\nnine\nten\n",
    }


def test_two_files_are_two_changes() -> None:
    first, second = hunks.of(TWO + TWO.replace("b.sql", "c.sql"))
    assert (first["path"], second["path"]) == ("a/b.sql", "a/c.sql")
    assert first["newText"] == second["newText"]


def test_a_new_file_has_no_old_text_and_may_lack_its_last_newline() -> None:
    (only,) = hunks.of("--- n\n+++ n\n@@ -0,0 +1 @@\n+x\x0c\ry\n\\ No newline at end of file\n")
    assert (only["oldText"], only["newText"]) == (None, "x\x0c\ry\n")


def test_a_hunk_that_was_cut_has_what_is_left() -> None:
    (only,) = hunks.of("--- n\n+++ n\n@@ -1,900 +1,900 @@\n a\n-b\n")
    assert (only["oldText"], only["newText"]) == ("a\nb\n", "a\n")


def test_what_is_no_diff_has_no_hunks() -> None:
    assert hunks.of("") == hunks.of("two files of 3 MB\n") == []
