"""Two processes on one journal, one of which is killed: attack 29 with real processes."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.journal import Journal, State
from tests.keeper.chain.cluster import Cluster, cluster
from tests.keeper.chain.gateway.faulty import FaultyNode, Forward, faulty_node

SLOT_SECONDS = 0.1


class Held:
    """A step that has happened, or not, and whose answer comes when nobody waits for it."""

    def __init__(self, *, passed_on: bool) -> None:
        self.reached, self.abandoned = asyncio.Event(), asyncio.Event()
        self._passed_on = passed_on

    async def __call__(self, forward: Forward) -> web.Response:
        if self._passed_on:
            await forward()
        self.reached.set()
        await self.abandoned.wait()
        return web.Response()


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Cluster, FaultyNode]]:
    """A cluster whose slots pass, the staker's position open, and a node before it."""

    async def pass_slots(served: Cluster) -> None:
        while True:
            served.net.bank.advance()
            await asyncio.sleep(SLOT_SECONDS)

    async with cluster() as served, faulty_node(served.net.url) as node:
        slots = asyncio.create_task(pass_slots(served))
        async with Gateway(served.net.url) as gateway:
            with Journal.in_memory() as journal:
                submitter = Submitter(gateway, journal, served.staker, sleep=served.tick)
                await submitter.submit("open", [served.open_position()])
        try:
            yield served, node
        finally:
            slots.cancel()


async def started(url: str, journal: Path, operation: str) -> asyncio.subprocess.Process:
    """Returns a process that has opened the journal, and goes on to stake 10."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.keeper.chain.submit.submitting"),
        *(url, str(journal), operation, "10"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"opened\n"
    return process


async def slot_of(process: asyncio.subprocess.Process) -> int:
    out, _ = await process.communicate()
    assert process.returncode == 0
    return int(out)


def test_two_processes_that_submit_one_operation_have_one_effect(tmp_path: Path) -> None:
    async def act() -> None:
        path = tmp_path / "journal.sqlite"
        async with running() as (served, _):
            url = served.net.url
            both = [await started(url, path, "stake") for _ in range(2)]
            first, second = [await slot_of(each) for each in both]
            assert first == second
            assert served.staked() == 10

    asyncio.run(act())


@pytest.mark.parametrize(
    ("step", "passed_on"),
    [("getLatestBlockhash", True), ("sendTransaction", False), ("sendTransaction", True)],
)
def test_a_killed_process_leaves_its_operation_to_another(
    tmp_path: Path, step: str, passed_on: bool
) -> None:
    async def act() -> None:
        path = tmp_path / "journal.sqlite"
        async with running() as (served, node):
            held = Held(passed_on=passed_on)
            node.script = [(step, held)]
            killed = await started(node.url, path, "stake")
            await held.reached.wait()
            with Journal(path) as journal:
                assert journal.hold("stake") is None
            waiting = await started(served.net.url, path, "stake")
            killed.kill()
            await killed.wait()
            held.abandoned.set()
            landed = await slot_of(waiting)
            assert served.staked() == 10
            with Journal(path) as journal:
                found = journal.operation("stake")
            assert found is not None
            assert (found.state, found.slot) == (State.LANDED, landed)

    asyncio.run(act())


def test_only_what_no_living_process_drives_is_resumed(tmp_path: Path) -> None:
    async def act() -> None:
        path = tmp_path / "journal.sqlite"
        async with running() as (served, node):
            held = Held(passed_on=False)
            node.script = [("sendTransaction", held)]
            process = await started(node.url, path, "stake")
            await held.reached.wait()
            async with Gateway(served.net.url) as gateway:
                with Journal(path) as journal:
                    submitter = Submitter(gateway, journal, served.staker, sleep=served.tick)
                    assert [each.id for each in journal.unfinished()] == ["stake"]
                    assert await submitter.resume() == []
                    assert served.staked() == 0
                    process.kill()
                    await process.wait()
                    held.abandoned.set()
                    (ended,) = await submitter.resume()
                    assert ended.state is State.LANDED
            assert served.staked() == 10

    asyncio.run(act())
