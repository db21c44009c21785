"""Running many prompts: at once, in order of the file, stopped, and gone on with."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from claudette_cli import exits
from claudette_cli.batch.record import SUFFIX, Record
from claudette_cli.exits import Failure
from claudette_cli.main import main
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import FakeDaemon, Faulty, Json, Line


class Chats:
    """Plays chats whose only turn goes as its prompt says: the reason it ends for, `refuse` for
    a message that is refused, `ask` for one that asks, `stay` for one that has to be stopped."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.seqs: dict[str, int] = {}
        self.turns: dict[str, Json] = {}
        self.stopped: set[str] = set()
        self.running = 0
        self.most = 0
        self.stays = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._made = 0

    def create(self, params: Json) -> Json:
        with self._lock:
            self._made += 1
            return {"chat": {"id": f"c{self._made:011}"}}

    def subscribe(self, params: Json, line: Line) -> Json:
        chat_id = params["chatId"]
        if chat_id == "gone":
            raise Faulty("ChatNotFound", "There is no such chat.")
        self.lines[chat_id] = line
        seq = self.seqs.setdefault(chat_id, 1)
        snapshot: Json = {"chat": {"id": chat_id}, "seq": seq, "cursor": "j.1"}
        if chat_id in self.turns:
            snapshot["turn"] = self.turns[chat_id]
        return {"snapshot": snapshot}

    def send(self, params: Json) -> Json:
        chat_id, how = params["chatId"], params["text"].split()[0]
        if how == "refuse":
            raise Faulty("Busy", "No.")
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        if how == "ask":
            asked = {"id": "p.1", "chatId": chat_id, "request": {"tool": "bash", "command": "x"}}
            self.tell(chat_id, {"type": "permission/opened", "permission": asked})
        elif how == "stay":
            self.stays.release()
        else:
            item = {"id": "m", "kind": "message", "status": "done", "turnId": "t", "text": "said"}
            self.tell(chat_id, {"type": "item/closed", "item": item})
            self.end(chat_id, how)
        return {"turnId": "t", "state": "running"}

    def stop(self, params: Json) -> Json:
        chat_id = params["chatId"]
        with self._lock:
            stopped = chat_id not in self.stopped
            self.stopped.add(chat_id)
        if stopped:
            self.end(chat_id, "stopped")
        return {"stopped": stopped}

    def end(self, chat_id: str, reason: str) -> None:
        with self._lock:
            self.running -= 1
        turn = {"id": "t", "chatId": chat_id, "state": "ended", "reason": reason}
        if reason == "failed":
            turn["error"] = "There is no model."
        self.tell(chat_id, {"type": "turn/ended", "turn": turn, "reason": reason})

    def tell(self, chat_id: str, event: Json) -> None:
        seq = self.seqs[chat_id] = self.seqs.get(chat_id, 1) + 1
        self.lines[chat_id].tell("event", chatId=chat_id, seq=seq, at="", event=event)


def serve(fake: Fake, chats: Chats) -> FakeDaemon:
    return fake(
        chat_create=chats.create,
        chat_get=lambda params: {"chat": {"id": params["chatId"]}},
        event_subscribe=chats.subscribe,
        turn_send=chats.send,
        turn_stop=chats.stop,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "b.yaml"


def rows(out: str) -> dict[int, Json]:
    return {row["entry"]: row for row in map(json.loads, out.splitlines())}


def test_each_entry_has_a_chat_and_the_worst_outcome_is_the_exit_code(
    fake: Fake, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "w").mkdir()
    file.write_text(
        "- {prompt: done, cwd: w, title: One}\n- prompt: failed\n- prompt: refuse\n- prompt: ask\n"
    )
    chats = Chats()
    daemon = serve(fake, chats)
    assert main(["batch", str(file), "--json", "--level", "full"]) == exits.FAILED
    told = rows(capsys.readouterr().out)
    assert {row["outcome"]: row["code"] for row in told.values()} == {
        "done": exits.DONE,
        "failed": exits.TURN_FAILED,
        "refused": exits.FAILED,
        "asks": exits.ASKED,
    }
    assert told[1]["text"] == "said" and told[1]["turn"]["reason"] == "done"
    assert told[2]["why"] == "There is no model."
    assert told[3]["why"] == "No."
    assert "claudette approve" in told[4]["why"]
    made = next(one for one in daemon.called("chat/create") if "title" in one)
    assert (made["title"], made["level"], made["cwd"]) == ("One", "full", str(file.parent / "w"))


def test_no_more_run_at_once_than_wanted_and_a_person_sees_rows(
    fake: Fake, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("- prompt: done\n" * 4 + "- prompt: stopped\n")
    chats = Chats()
    serve(fake, chats)
    assert main(["batch", str(file), "--parallel", "1"]) == exits.TURN_STOPPED
    *shown, total = capsys.readouterr().out.splitlines()
    assert chats.most == 1
    assert [row.split()[:3] for row in shown] == [
        *([f"{n}", "done", f"c{n:011}"] for n in range(1, 5)),
        ["5", "stopped", "c00000000005"],
    ]
    assert total == "5 entries: 4 done, 1 stopped"


def test_a_wrong_file_starts_nothing(
    fake: Fake, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text("- prompt: done\n- promt: x\n")
    daemon = serve(fake, Chats())
    assert main(["batch", str(file)]) == exits.USAGE
    assert f"{file}:2:10: an entry has no 'promt'" in capsys.readouterr().err
    assert daemon.asked == [] and not Path(f"{file}{SUFFIX}").exists()


def test_resuming_skips_what_is_done_and_goes_on_with_what_was_begun(
    fake: Fake, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = ["done a", "done b", "done c", "done d", "done e"]
    file.write_text("".join(f"- prompt: {prompt}\n" for prompt in prompts))
    chats = Chats()
    daemon = serve(fake, chats)
    assert main(["batch", str(file), "--parallel", "1"]) == exits.DONE
    # As after a crash: the first is done, the second is by now, the third failed, the fourth was
    # never sent, the chat of the last is deleted.
    record = Path(f"{file}{SUFFIX}")
    begun = [json.loads(line) for line in record.read_text().splitlines()][::2]
    begun[4]["chatId"] = "gone"
    done = {**begun[0], "outcome": "done"}
    record.write_text("".join(f"{json.dumps(row)}\n" for row in [done, *begun[1:]]) + '{"ent')
    for number, reason in ((2, "done"), (3, "failed")):
        chat_id = f"c{number:011}"
        turn = {"id": "t", "chatId": chat_id, "state": "ended", "reason": reason}
        chats.turns[chat_id] = turn
    daemon.asked.clear()
    capsys.readouterr()
    assert main(["batch", str(file), "--parallel", "1", "--resume", "--json"]) == exits.DONE
    told = rows(capsys.readouterr().out)
    assert [told[n]["outcome"] for n in range(1, 6)] == ["done before", *["done"] * 4]
    sent = [(one["chatId"], one["text"]) for one in daemon.called("turn/send")]
    assert sent == [
        ("c00000000006", "done c"),
        ("c00000000004", "done d"),
        ("c00000000007", "done e"),
    ]
    assert main(["batch", str(file), "--resume"]) == exits.DONE
    assert "5 entries: 5 done before" in capsys.readouterr().out


def test_ctrl_c_stops_what_runs_and_says_what_was_left(fake: Fake, file: Path) -> None:
    file.write_text("- prompt: stay\n- prompt: stay 2\n- prompt: done\n")
    chats = Chats()
    serve(fake, chats)
    words = [sys.executable, "-m", "claudette_cli", "batch", str(file), "--parallel", "2", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(2):
            chats.stays.acquire()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
    assert process.returncode == exits.INTERRUPTED
    assert [rows(out)[n]["outcome"] for n in (1, 2, 3)] == ["stopped", "stopped", "not started"]
    assert chats.running == 0


def test_two_batches_of_a_file_do_not_run_at_once(file: Path) -> None:
    with Record(str(file), resume=False) as record:
        with pytest.raises(Failure, match="Another batch"):
            Record(str(file), resume=True)
        with open(record.path) as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert os.stat(f"{file}{SUFFIX}").st_mode & 0o777 == 0o600
