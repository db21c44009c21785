"""However clients come, lag, leave and resume: each sees what the daemon has, and once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from claudetted.chat import removal
from claudetted.protocol.base import ChatId
from claudetted.rpc import outbox
from tests.unit.rpc.methods.scene import Scene, begin, opened
from tests.unit.rpc.methods.watching import Watcher

SOFT, HARD = 600, 6000
PIECES = ["x", "é\n", "", "y" * 700, "z" * 3000]
MANY = "many notices"


class Watching(RuleBasedStateMachine):
    """Anybody does anything, and every client's fold is the daemon's."""

    scene: Scene

    @initialize()
    def begin(self) -> None:
        """Both chats run a turn, and one client follows the first of them."""
        self.scene = Scene()
        begin(self.scene)

    def teardown(self) -> None:
        self.scene.close()

    # What is drawn never depends on what happened: threads make that differ in its details.
    # One rule: whoever acts is drawn by weight, for without clients there is nothing to see.
    @rule(
        who=st.sampled_from([*["client"] * 8, *["chat"] * 10, "daemon"]),
        number=st.sampled_from([0, 0, 1, 1, 2]),
        chat=st.integers(0, 1),
        way=st.integers(0, 999),
        flag=st.booleans(),
        pieces=st.lists(st.sampled_from([*PIECES, MANY]), min_size=3, max_size=8),
        cut=st.none() | st.integers(0, 200),
    )
    def act(
        self,
        who: str,
        number: int,
        chat: int,
        way: int,
        flag: bool,
        pieces: list[str],
        cut: int | None,
    ) -> None:
        chat_id = self.scene.stage.chats[chat]
        if who == "client":
            self.client(self.scene.watchers[number], chat_id, way, flag, pieces)
        elif who == "chat":
            self.chat(chat_id, way, flag, pieces[0], cut)
        elif way % 3:
            self.scene.restart(at_rest=flag)
        else:
            self.scene.wait()

    def client(
        self, watcher: Watcher, chat: ChatId, way: int, flag: bool, pieces: list[str]
    ) -> None:
        scene, ways = self.scene, self.ways(watcher, chat)
        doing = ways[way % len(ways)]
        if doing in (scene.subscribe, scene.resume, self.come):
            doing(watcher, chat, flag)
        elif doing in (scene.unsubscribe, scene.subscribe_and_leave):
            doing(watcher, chat)
        elif doing == self.outrun:
            doing(watcher, chat, pieces)
        else:
            doing(watcher)

    def come(self, watcher: Watcher, chat: ChatId, afresh: bool) -> None:
        """It connects, and goes on where it was."""
        self.scene.connect(watcher)
        if chat in watcher.mirrors and not afresh:
            self.scene.resume(watcher, chat)
        else:
            self.scene.subscribe(watcher, chat)

    def ways(self, watcher: Watcher, chat: ChatId) -> list[Callable[..., None]]:
        """What a client can do about a chat, as it is."""
        scene = self.scene
        if not watcher.connected:
            return [self.come]
        if not watcher.attentive:
            return [scene.look_again, scene.look_again, self.disconnect]
        found: list[Callable[..., None]] = [scene.subscribe, scene.subscribe_and_leave]
        if chat in watcher.subscribed:
            found += [self.outrun, self.outrun, scene.look_away, scene.unsubscribe]
        elif chat in watcher.mirrors:
            found += [scene.resume, scene.resume]
        return [*found, self.disconnect]

    def outrun(self, watcher: Watcher, chat: ChatId, pieces: list[str]) -> None:
        """It looks away while the chat has much to say."""
        self.scene.look_away(watcher)
        for piece in pieces:
            if piece == MANY:
                self.scene.notice(chat, 20)
            else:
                self.scene.speak(chat, "a", piece)

    def disconnect(self, watcher: Watcher) -> None:
        self.scene.run(watcher.disconnect)

    def chat(self, chat: ChatId, way: int, flag: bool, text: str, cut: int | None) -> None:
        scene, name = self.scene, "ab"[way % 2]
        ways = ["speak", "speak", "close", "ask", "decide", "notice", "end", "send", "die"]
        what = ways[way % len(ways)]
        if what == "speak":
            scene.speak(chat, name, text, cut, flag)
        elif what == "close":
            scene.close_item(chat, name)
        elif what == "notice":
            scene.notice(chat, 40 if flag else 1)
        elif what == "ask":
            scene.ask(chat)
        elif what == "decide":
            scene.decide(chat)
        elif what == "die":
            # One that died too often would be left alone for a while.
            scene.end_turn(chat)
            scene.die(chat)
            scene.send(chat)
        else:
            scene.end_turn(chat)
            scene.send(chat)

    @invariant()
    def every_fold_is_the_same(self) -> None:
        if hasattr(self, "scene"):
            self.scene.check()
            assert not any(watcher.refused for watcher in self.scene.watchers)


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(outbox, "SOFT_BYTES", SOFT)
    monkeypatch.setattr(outbox, "HARD_BYTES", HARD)
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLAUDETTED_RUNTIME_DIR", str(tmp_path / "run"))


def test_whatever_happens_every_client_sees_what_the_daemon_has() -> None:
    run_state_machine_as_test(Watching, settings=settings(max_examples=25, stateful_step_count=25))


def test_a_client_that_does_not_read_gets_its_deltas_merged_and_others_do_not_notice() -> None:
    with opened() as scene:
        slow, quick = scene.watchers[:2]
        chat = scene.stage.chats[0]
        scene.connect(quick)
        scene.subscribe(quick, chat)
        scene.look_away(slow)
        before = slow.deltas, quick.deltas
        for _ in range(20):
            scene.speak(chat, "a", "y" * 200)
            scene.check()
        scene.look_again(slow)
        scene.check()
        (text,) = slow.mirrors[chat].texts.values()
        assert text == b"y" * 4000
        assert quick.deltas - before[1] == 20
        assert slow.deltas - before[0] < 10
        assert slow.overflowed == 0


def test_a_lagging_client_gets_no_deltas_of_what_was_closed_meanwhile() -> None:
    with opened() as scene:
        slow, chat = scene.watchers[0], scene.stage.chats[0]
        scene.speak(chat, "a", "y" * 700)
        scene.look_away(slow)
        before = slow.deltas
        for _ in range(5):
            scene.speak(chat, "a", "y" * 700)
        scene.close_item(chat, "a")
        scene.look_again(slow)
        scene.check()
        assert slow.deltas - before < 4
        assert slow.mirrors[chat].texts == {}


def test_a_client_too_far_behind_is_told_where_to_resume_and_goes_on_from_there() -> None:
    with opened() as scene:
        slow, quick = scene.watchers[:2]
        chat = scene.stage.chats[0]
        scene.connect(quick)
        scene.subscribe(quick, chat)
        scene.look_away(slow)
        for _ in range(3):
            scene.notice(chat, 40)
        scene.look_again(slow)
        assert slow.overflowed == 1
        assert not slow.connected
        assert quick.connected
        assert slow.told_cursors == {chat: slow.cursor(chat)}
        scene.connect(slow)
        scene.resume(slow, chat)
        scene.check()
        assert slow.mirrors[chat].state == quick.mirrors[chat].state


def test_the_cursor_is_of_the_subscription_that_is_and_not_of_one_that_was() -> None:
    with opened() as scene:
        watcher, (chat, other) = scene.watchers[0], scene.stage.chats
        scene.notice(chat, 1)
        scene.unsubscribe(watcher, chat)
        scene.notice(chat, 3)
        scene.subscribe(watcher, chat)
        scene.subscribe(watcher, other)
        scene.look_away(watcher)
        for _ in range(3):
            scene.notice(other, 40)
        scene.look_again(watcher)
        assert watcher.told_cursors == {each: watcher.cursor(each) for each in (chat, other)}


def test_a_client_that_overflows_while_it_catches_up_is_told_how_far_it_is() -> None:
    with opened() as scene:
        watcher, chat = scene.watchers[0], scene.stage.chats[0]
        scene.run(watcher.disconnect)
        for _ in range(3):
            scene.notice(chat, 40)
        scene.connect(watcher)
        scene.at_once(watcher.ask, "event/subscribe", chatId=chat, after=watcher.cursor(chat))
        scene.look_away(watcher)
        for _ in range(3):
            scene.notice(chat, 40)
        scene.wait()
        scene.look_again(watcher)
        if not watcher.connected:
            scene.connect(watcher)
            scene.resume(watcher, chat)
        scene.check()
        assert watcher.mirrors[chat].state.seq > 240


def test_a_client_that_never_reads_its_last_word_is_cut_off_all_the_same() -> None:
    with opened() as scene:
        slow, chat = scene.watchers[0], scene.stage.chats[0]
        scene.look_away(slow)
        for _ in range(3):
            scene.notice(chat, 40)
        scene.wait()
        assert len(scene.stage.manager._actors[chat].hub) == 0
        scene.look_again(slow)
        assert not slow.connected
        assert slow.overflowed == 0


def test_a_cursor_survives_the_daemon_and_its_unsaved_texts() -> None:
    with opened() as scene:
        watcher, chat = scene.watchers[0], scene.stage.chats[0]
        scene.speak(chat, "a", "half a sentence")
        assert list(watcher.mirrors[chat].texts.values()) == [b"half a sentence"]
        scene.restart(at_rest=True)
        scene.connect(watcher)
        scene.resume(watcher, chat)
        scene.speak(chat, "a", " and the rest")
        scene.check()
        assert list(watcher.mirrors[chat].texts.values()) == [b"half a sentence and the rest"]


@pytest.mark.parametrize(
    ("cursor", "note"),
    [
        ("other.1", "another journal"),
        ("{journal}.999", "beyond the end"),
        ("{journal}.x", "beyond"),
    ],
)
def test_a_cursor_that_cannot_serve_gets_a_snapshot_and_is_told_why(cursor: str, note: str) -> None:
    with opened() as scene:
        watcher, chat = scene.watchers[0], scene.stage.chats[0]
        after = cursor.format(journal=scene.stage.database.journal_id)
        scene.run(watcher.ask, "event/subscribe", chatId=chat, after=after)
        assert watcher.snapshots == 2
        assert note in watcher.notes[-1]
        scene.check()


def test_a_chat_that_is_deleted_tells_its_followers() -> None:
    with opened() as scene:
        follower, late = scene.watchers[:2]
        chat = scene.stage.chats.pop(0)
        scene.connect(late)
        cursor = follower.cursor(chat)
        scene.run(removal.delete, scene.stage.manager, chat)
        assert follower.kinds[-1] == "chat/deleted"
        scene.run(late.ask, "event/subscribe", chatId=chat, after=cursor)
        assert late.refused == ["ChatNotFound"]
        assert late.connected


def test_a_subscription_of_a_client_that_left_meanwhile_leaves_nothing_behind() -> None:
    with opened() as scene:
        watcher, chat = scene.watchers[1], scene.stage.chats[0]
        for after in (None, "cursor"):
            scene.connect(watcher)
            params = {"after": scene.watchers[0].cursor(chat)} if after else {}
            with scene.held_up(chat):
                scene.begin_to_subscribe(watcher, chat, **params)
                scene.at_once(watcher.leave)
            assert len(scene.stage.manager._actors[chat].hub) == 1


@pytest.mark.parametrize("resumes", [False, True])
def test_a_client_that_subscribes_twice_at_once_is_told_everything_once(resumes: bool) -> None:
    with opened() as scene:
        watcher, chat = scene.watchers[0], scene.stage.chats[0]
        scene.unsubscribe(watcher, chat)
        params = {"after": watcher.cursor(chat)} if resumes else {}
        with scene.held_up(chat):
            scene.begin_to_subscribe(watcher, chat, **params)
            scene.begin_to_subscribe(watcher, chat)
        assert len(scene.stage.manager._actors[chat].hub) == 1
        scene.notice(chat, 3)
        scene.check()


def test_what_happens_while_a_client_catches_up_is_not_missed() -> None:
    with opened() as scene:
        watcher, chat = scene.watchers[0], scene.stage.chats[0]
        scene.unsubscribe(watcher, chat)
        with scene.held_up(chat, "waits for the disk"):
            scene.begin_to_subscribe(watcher, chat, after=watcher.cursor(chat))
        scene.check()
        (notice,) = [item for item in watcher.mirrors[chat].items.values() if item.notice]
        assert notice.text == "waits for the disk"


def test_half_a_line_is_heard_by_the_next_daemon() -> None:
    with opened() as scene:
        watcher, chat = scene.watchers[0], scene.stage.chats[0]
        scene.speak(chat, "a", "said", cut=60)
        assert list(watcher.mirrors[chat].texts.values()) == [b""]
        scene.restart(at_rest=True)
        scene.connect(watcher)
        scene.resume(watcher, chat)
        scene.check()
        assert list(watcher.mirrors[chat].texts.values()) == [b"said"]
