"""Bugs that an earlier program had in its tools, held against the real Pi. The numbers are those of
the record of them."""

from pathlib import Path

import pytest
import trio

from tests.daemon.calls import bash, tool
from tests.daemon.world import Chat, Home
from tests.fakes.model_server import ModelServer
from tests.support.lifeline import Lifeline

HUGE = 400 * 1024**2


pytestmark = pytest.mark.usefixtures("stage")


def peak_memory(pid: int) -> int:
    """Bytes that a process had in memory at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(peak) * 1024


async def allowed(chat: Chat, prompt: str) -> None:
    """A turn in which everything may run."""
    await chat.call("chat/configure", level="full")
    assert (await chat.turn(prompt))["reason"] == "done"


@pytest.mark.parametrize(
    ("call", "size"),
    [
        (tool("read", path="huge"), HUGE),
        (tool("grep", pattern="needle", path="huge"), HUGE),
        (tool("edit", path="huge", edits=[{"oldText": "one", "newText": "two"}]), HUGE),
        (tool("write", path="huge", content="small now"), HUGE),
    ],
    ids=["read", "grep", "edit", "write"],
)
async def test_bug_29_a_huge_file_does_not_fill_the_memory(
    chat: Chat, home: Home, call: str, size: int
) -> None:
    with (home.work / "huge").open("wb") as file:
        file.write(b"one\n" * 100)
        file.truncate(size)
    await chat.turn("@text hello")
    pid = (await chat.snapshot())["sidecar"]["pid"]
    before = peak_memory(pid)
    await allowed(chat, f"{call} @then @echo-history")
    assert peak_memory(pid) - before < HUGE / 2
    if "edit" in call or "write" in call:
        assert "cannot be changed with this tool" in (await chat.texts())[-1]
        assert (home.work / "huge").stat().st_size == size


async def test_bug_46_a_command_is_over_when_it_exits(chat: Chat, home: Home) -> None:
    with Lifeline(home.root / "lifeline") as lifeline:
        background = f"({lifeline.hold}; sleep 1000) & echo hello; exit 3"
        await allowed(chat, f"{bash(background)} @then @echo-history")
        (item,) = await chat.items("tool")
        assert (item["text"], item["tool"]["exitCode"]) == ("hello\n", 3)
        await trio.to_thread.run_sync(lifeline.wait_held)
        assert lifeline.held()
        await chat.call("turn/stop")
    await chat.call("chat/delete")


async def test_latent_L10_the_model_is_told_how_a_command_ended(chat: Chat) -> None:
    await allowed(chat, f"{bash('echo said; exit 7')} @then @echo-history")
    assert "said" in (await chat.texts())[-1]
    assert "exited with code 7" in (await chat.texts())[-1]


async def test_bug_21_a_cut_output_is_text_and_says_so(chat: Chat, model: ModelServer) -> None:
    command = "python3 -c \"print('🎉' * 100000)\""
    await allowed(chat, f"{bash(command)} @then @text done")
    (item,) = await chat.items("tool")
    told = str(next(m for m in model.requests[-1].messages if m["role"] == "tool")["content"])
    assert "\ufffd" not in told
    assert len(told.encode()) < 64 * 1024
    assert "runcated" in told or "Full output" in told
    assert item["tool"].get("truncated")


async def test_latent_L13_a_stop_ends_every_process_of_a_pipeline(chat: Chat, home: Home) -> None:
    with Lifeline(home.root / "lifeline") as lifeline:
        await chat.call("chat/configure", level="full")
        turn = await chat.send(bash(f"{lifeline.hold}; echo on; sleep 1000 | sleep 1000 | cat"))
        await chat.said("on")
        await chat.call("turn/stop")
        assert (await chat.ended(turn))["reason"] == "stopped"
        await trio.to_thread.run_sync(lifeline.wait_cut)


async def test_bug_16_parallel_calls_keep_their_results_apart(chat: Chat) -> None:
    calls = [bash(f"sleep 0.0{9 - n}; echo {n}; echo {n}") for n in range(6)]
    await allowed(chat, f"{' '.join(calls)} @then @text done")
    assert [item["text"] for item in await chat.items("tool")] == [f"{n}\n{n}\n" for n in range(6)]
