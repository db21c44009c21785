"""What is approved is what is written: the same bytes, to the same file, and else it asks anew.

A number after `bug` or `latent` is that of the bug in the record of an earlier program.
"""

from pathlib import Path

import pytest

from tests.daemon.calls import recorded, tool
from tests.daemon.world import Chat, Home
from tests.e2e.gate import files

ONE_CHANGED = [{"oldText": "one", "newText": "changed"}]
CONTENT = "first\r\n$& $$ $` $1\r\nünïcödé 🎉 \u2028\r\n  no newline at the end"


pytestmark = pytest.mark.usefixtures("stage")


async def test_bug_12_a_card_has_the_whole_change(chat: Chat, home: Home) -> None:
    (home.work / "a.txt").write_text("one\ntwo\n")
    edit = tool("edit", path="a.txt", edits=[{"oldText": "two", "newText": "zwei\ndrei"}])
    turn = await chat.send(f"{edit} {tool('write', path='new/b.txt', content='x' * 3000)}")
    cards = {one["request"]["tool"]: one["request"] for one in await chat.asked(2)}
    assert cards["edit"]["paths"] == [str(home.work / "a.txt")]
    for line in ("-two", "+zwei", "+drei", " one"):
        assert f"\n{line}\n" in cards["edit"]["diff"]
    assert cards["write"]["paths"] == [str(home.work / "new/b.txt")]
    assert "+" + "x" * 3000 in cards["write"]["diff"]
    assert not (home.work / "new").exists()
    for asked in await chat.asked(2):
        await chat.decide(asked, "allow")
    await chat.ended(turn)
    assert files(home.work) == {"a.txt": "one\nzwei\ndrei\n", "new/b.txt": "x" * 3000}


async def test_latent_L09_exactly_the_approved_bytes_are_written(chat: Chat, home: Home) -> None:
    (home.work / "b.txt").write_bytes(b"eins\r\nzwei\r\n")
    write = tool("write", path="a.txt", content=CONTENT)
    edit = tool("edit", path="b.txt", edits=[{"oldText": "zwei", "newText": "$& $$ $` $1"}])
    turn = await chat.send(f"{write} {edit}")
    for asked in await chat.asked(2):
        await chat.decide(asked, "allow")
    await chat.ended(turn)
    assert (home.work / "a.txt").read_bytes() == CONTENT.encode()
    assert (home.work / "b.txt").read_bytes() == b"eins\r\n$& $$ $` $1\r\n"


async def test_bug_32_an_edit_of_nothing_is_refused(chat: Chat, home: Home) -> None:
    (home.work / "a.txt").write_text("one\n")
    edits = [{"oldText": "", "newText": "x"}]
    turn = await chat.turn(f"{tool('edit', path='a.txt', edits=edits)} @then @text done")
    assert turn["reason"] == "done"
    assert (await chat.items("tool"))[0]["status"] == "failed"
    assert files(home.work) == {"a.txt": "one\n"}


async def test_a_file_that_changes_while_its_card_is_open_is_asked_about_anew(
    chat: Chat, home: Home
) -> None:
    path = home.work / "a.txt"
    path.write_text("one\ntwo\n")
    turn = await chat.send(tool("edit", path="a.txt", edits=[{"oldText": "two", "newText": "2"}]))
    (first,) = await chat.asked()
    path.write_text("zero\ntwo\n")
    await chat.decide(first, "allow", scope="once")
    (second,) = await chat.asked()
    assert path.read_text() == "zero\ntwo\n"
    assert second["id"] != first["id"]
    assert second["supersedes"] == first["id"]
    assert second["request"]["digest"] != first["request"]["digest"]
    assert "\n zero\n" in second["request"]["diff"]
    stale = await chat.client.refused(
        "permission/decide",
        permissionId=second["id"],
        decision="allow",
        digest=first["request"]["digest"],
    )
    assert stale.name == "DigestMismatch"
    await chat.decide(second, "allow", digest=second["request"]["digest"])
    await chat.ended(turn)
    assert path.read_text() == "zero\n2\n"
    assert len(await recorded(chat.client, chatId=chat.id)) == 2


async def test_a_file_that_appears_while_its_card_is_open_is_not_overwritten(
    chat: Chat, home: Home
) -> None:
    turn = await chat.send(tool("write", path="a.txt", content="ours\n"))
    (first,) = await chat.asked()
    (home.work / "a.txt").write_text("theirs\n")
    await chat.decide(first, "allow")
    (second,) = await chat.asked()
    assert second["supersedes"] == first["id"]
    assert "-theirs" in second["request"]["diff"]
    await chat.decide(second, "deny")
    await chat.ended(turn)
    assert files(home.work) == {"a.txt": "theirs\n"}


@pytest.mark.parametrize(
    ("call", "before"), [("write", "a directory"), ("write", "nothing"), ("edit", "a directory")]
)
async def test_latent_L16_a_parent_that_becomes_a_link_leads_nothing_outside(
    chat: Chat, home: Home, outside: Path, call: str, before: str
) -> None:
    parent = home.work / "sub"
    (outside / "a.txt").write_text("one\n")
    if before == "a directory":
        parent.mkdir()
    if call == "edit":
        (parent / "a.txt").write_text("one\n")
        turn = await chat.send(tool("edit", path="sub/a.txt", edits=ONE_CHANGED))
    else:
        turn = await chat.send(tool("write", path="sub/a.txt", content="changed\n"))
    (first,) = await chat.asked()
    if before == "a directory":
        parent.rename(home.work / "moved")
    parent.symlink_to(outside)
    await chat.decide(first, "allow")
    (second,) = await chat.asked()
    assert second["supersedes"] == first["id"]
    assert second["request"]["paths"] == [str(outside / "a.txt")]
    assert files(outside) == {"a.txt": "one\n", "secret.txt": "secret\n"}
    await chat.decide(second, "deny")
    await chat.ended(turn)
    assert files(outside) == {"a.txt": "one\n", "secret.txt": "secret\n"}


async def test_a_link_that_turns_leads_a_write_no_other_way(
    chat: Chat, home: Home, outside: Path
) -> None:
    (home.work / "real").mkdir()
    (home.work / "sub").symlink_to("real")
    turn = await chat.send(tool("write", path="sub/a.txt", content="x"))
    (asked,) = await chat.asked()
    assert asked["request"]["paths"] == [str(home.work / "real/a.txt")]
    (home.work / "sub").unlink()
    (home.work / "sub").symlink_to(outside)
    await chat.decide(asked, "allow")
    await chat.ended(turn)
    assert files(outside) == {"secret.txt": "secret\n"}
    assert (home.work / "real/a.txt").read_text() == "x"


async def test_what_was_approved_for_longer_is_still_held_to_the_workspace(
    chat: Chat, home: Home, outside: Path
) -> None:
    turn = await chat.send(tool("write", path="a.txt", content="1"))
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow", scope="chat")
    await chat.ended(turn)
    await chat.turn(f"{tool('write', path='b/c.txt', content='2')} @then @text done")
    assert files(home.work)["b/c.txt"] == "2"
    turn = await chat.send(tool("write", path="link/c.txt", content="3"))
    (asked,) = await chat.asked()
    await chat.decide(asked, "deny")
    await chat.ended(turn)
    assert files(outside) == {"secret.txt": "secret\n"}
