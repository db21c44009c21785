"""Patches of Codex: what they would change, shown as a diff."""

from claudetted.harnesses.codex import patch

BEFORE = "one\ntwo\nthree\nfour\n"


def diff_of(*lines: str, **files: str) -> str:
    text = "\n".join(["*** Begin Patch", *lines, "*** End Patch"])
    return patch.understood(text, {}, {"a.txt": BEFORE, **files}).diff


def test_a_change_is_shown_where_it_stands() -> None:
    diff = diff_of("*** Update File: a.txt", "@@", " two", "-three", "+3")
    assert diff == "--- a/a.txt\n+++ b/a.txt\n@@ -2,2 +2,2 @@\n two\n-three\n+3\n"


def test_later_pieces_count_what_earlier_ones_added() -> None:
    diff = diff_of("*** Update File: a.txt", "@@", "+zero", " one", "@@", "-four")
    assert diff.splitlines()[2::3] == ["@@ -1,1 +1,2 @@", "@@ -4,1 +4,0 @@"]


def test_new_and_removed_files_are_whole() -> None:
    diff = diff_of("*** Add File: b.txt", "+x", "+y", "*** Delete File: a.txt")
    assert diff == (
        "--- /dev/null\n+++ b/b.txt\n@@ -0,0 +1,2 @@\n+x\n+y\n"
        "--- a/a.txt\n+++ /dev/null\n@@ -1,4 +0,0 @@\n-one\n-two\n-three\n-four\n"
    )


def test_a_patch_names_every_path_where_it_really_leads() -> None:
    text = "*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@\n-x\n+y\n*** End Patch"
    found = patch.understood(text, {"a": "/real/a", "b": "/w/b"}, {"a": "x\n"})
    assert (found.access, found.paths) == ("edit", ["/real/a", "/w/b"])
