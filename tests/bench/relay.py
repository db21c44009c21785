"""Owns what a daemon is compared with: trio programs that do the least that could be called it.

python -m tests.bench.relay pipe SOCKET CHILDREN CLIENTS ORDER
    passes the output of each flood on to its clients, a piece as it was read; tells its
    processor time when all has been said
python -m tests.bench.relay echo SOCKET
    sends back what comes
python -m tests.bench.relay start
    imports what a daemon cannot do without, says that it runs, and waits
"""

import json
import subprocess
import sys
import time

import msgspec  # noqa: F401
import trio

from tests.bench.flood import FLOOD

_READ = 64 * 1024


def say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


async def listen(path: str) -> trio.SocketListener:
    listener = trio.socket.socket(trio.socket.AF_UNIX)
    await listener.bind(path)
    listener.listen(128)
    say(ready=True)
    return trio.SocketListener(listener)


async def pipe(path: str, children: int, clients: int, order: str) -> None:
    listener = await listen(path)
    streams = [await listener.accept() for _ in range(children * clients)]
    processes = [await flood(order) for _ in range(children)]
    began = time.process_time()
    async with trio.open_nursery() as nursery:
        for n, process in enumerate(processes):
            to = streams[n * clients : (n + 1) * clients]
            nursery.start_soon(pass_on, process, to)
    say(cpu=time.process_time() - began)


async def flood(order: str) -> trio.Process:
    """It begins when its input is closed."""
    pipe = subprocess.PIPE
    return await trio.lowlevel.open_process([*FLOOD, order], stdin=pipe, stdout=pipe)


async def pass_on(process: trio.Process, clients: list[trio.SocketStream]) -> None:
    assert process.stdin
    assert process.stdout
    await process.stdin.aclose()
    async with process.stdout:
        while data := await process.stdout.receive_some(_READ):
            for client in clients:
                await client.send_all(data)
    await process.wait()
    for client in clients:
        await client.aclose()


async def echo(path: str) -> None:
    stream = await (await listen(path)).accept()
    async with stream:
        while data := await stream.receive_some(_READ):
            await stream.send_all(data)


async def start() -> None:
    import sqlite3  # noqa: F401

    say(ready=True)
    await trio.sleep_forever()


def main(words: list[str]) -> None:
    if words[0] == "pipe":
        trio.run(pipe, words[1], int(words[2]), int(words[3]), words[4])
    elif words[0] == "echo":
        trio.run(echo, words[1])
    else:
        trio.run(start)


if __name__ == "__main__":
    main(sys.argv[1:])
