"""Sums on their way from a provider to a verifier, over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from solders.pubkey import Pubkey

from keeper.data import (
    BlobMissingError,
    BlobStore,
    BlobTooLargeError,
    BusyError,
    SourceUnavailableError,
    Spool,
    StageIndex,
    StageIndexes,
    SumsSource,
    open_client,
)
from keeper.data.server import serve_data
from keeper.data.sums import MOST_WAITING
from keeper.exact.roles.sums import ComputedSums, ToldSums, sums_spec
from keeper.exact.roles.workload import JobWorkload
from keeper.exact.verification import Accept, CommittedStage, is_worth_advice, verify_trace
from kernels.graph import Graph, GraphBuilder, Narrowing
from kernels.graph.reference import execute, operands, sums
from kernels.trace import pack, stored_roots, trace_root
from kernels.trace.layout import Array

JOB = Pubkey.new_unique()


def narrow_graph() -> Graph:
    """Returns two products to int8, and a sum of their outputs."""
    random = np.random.default_rng(4)
    build = GraphBuilder()
    to = Narrowing(1 << 30, 43)
    x = build.input((96, 64))
    y = build.matmul(x, random.integers(-128, 128, (64, 64), np.int8), to=to)
    z = build.matmul(y, random.integers(-128, 128, (64, 64), np.int8), to=to)
    build.add_int8(y, z, (1 << 20, 1 << 20), 21)
    return build.build()


GRAPH = narrow_graph()
INPUTS = (np.random.default_rng(5).integers(-128, 128, (1, 1, 96, 64), np.int8),)
OUTPUTS = execute(GRAPH, INPUTS)
TRACE = [pack(output).tobytes() for output in OUTPUTS]
ROOTS = stored_roots(TRACE)
Told = Callable[[int], Array]


def expected(operator: int) -> Array:
    return sums(GRAPH.descriptors[operator], operands(GRAPH, operator, INPUTS, OUTPUTS))


class Provider:
    """A node that committed the trace in one stage, or only what comes before `last`."""

    def __init__(self, folder: Path, *, runs: bool = True) -> None:
        self.store, self.indexes = BlobStore(folder, 1 << 24), StageIndexes(folder)
        self.index = StageIndex(
            str(JOB),
            0,
            len(TRACE),
            trace_root(ROOTS).hex(),
            tuple(map(self.store.put, TRACE)),
            tuple(root.hex() for root in ROOTS),
        )
        self.indexes.put(self.index)
        workload = JobWorkload(GRAPH, INPUTS) if runs else None
        self.sums = ComputedSums(lambda _: workload, self.store, self.indexes)

    async def get(self, operator: int) -> bytes:
        return await self.sums.get(str(JOB), self.index.root, operator)


def asked(provider: Provider, ask: Callable[[str], Awaitable[bytes]] | None = None) -> None:
    """Serves the provider while `ask` runs, given its URL."""

    async def run() -> None:
        source = SumsSource()
        source.connect(provider.sums.get)
        async with serve_data(provider.store, provider.indexes, "127.0.0.1", 0, sums=source) as url:
            if ask is not None:
                await ask(url)

    asyncio.run(run())


def test_the_sums_of_products_to_int8_are_computed_from_the_trace(tmp_path: Path) -> None:
    provider = Provider(tmp_path)
    assert [is_worth_advice(each) for each in GRAPH.descriptors] == [True, True, False]
    for operator in (0, 1, 0):
        told = asyncio.run(provider.get(operator))
        assert told == pack(expected(operator)).tobytes()


@pytest.mark.parametrize(("operator", "what"), [(2, "no product to int8"), (3, "no sums of")])
def test_nothing_else_is_computed(tmp_path: Path, operator: int, what: str) -> None:
    with pytest.raises(BlobMissingError, match=what):
        asyncio.run(Provider(tmp_path).get(operator))


def test_a_job_that_the_node_does_not_run_has_none(tmp_path: Path) -> None:
    with pytest.raises(BlobMissingError, match="no sums of operator 0"):
        asyncio.run(Provider(tmp_path, runs=False).get(0))
    with pytest.raises(BlobMissingError, match="no stage"):
        asyncio.run(Provider(tmp_path).sums.get(str(JOB), "0" * 64, 0))


def test_an_output_that_is_gone_leaves_its_reader_without_sums(tmp_path: Path) -> None:
    provider = Provider(tmp_path)
    provider.store.remove(provider.index.outputs[0])
    with pytest.raises(BlobMissingError):
        asyncio.run(provider.get(1))


def test_a_verifier_fetches_them_and_saves_work(tmp_path: Path) -> None:
    provider, mine = Provider(tmp_path / "theirs"), BlobStore(tmp_path / "mine", 1 << 24)

    async def ask(url: str) -> bytes:
        async with open_client(allow_private=True) as client, Spool(mine) as spool:
            digests = {}
            for operator in (0, 1):
                size = sums_spec(GRAPH, operator).stored_bytes
                told = await client.fetch_sums(url, provider.index, operator, size)
                digests[operator] = spool.put(told)
            advice = ToldSums(spool, digests, GRAPH)
            stage = CommittedStage(0, len(TRACE), trace_root(ROOTS))
            found = verify_trace(GRAPH, INPUTS, TRACE, [stage], advice=advice)
            assert found.finding == Accept()
            assert found.cost.advised == 2
            assert found.cost.macs < GRAPH.multiply_adds // 2
            assert advice(2) is None
        return b""

    asked(provider, ask)
    assert mine.used_bytes == 0


@pytest.mark.parametrize(("operator", "status"), [(2, 404), (3, 404), (999, 404)])
def test_what_is_not_told_is_not_served(tmp_path: Path, operator: int, status: int) -> None:
    provider = Provider(tmp_path)

    async def ask(url: str) -> bytes:
        async with open_client(allow_private=True) as client:
            with pytest.raises(SourceUnavailableError, match=f"answers {status}"):
                await client.fetch_sums(url, provider.index, operator, 1 << 20)
        return b""

    asked(provider, ask)


def test_more_bytes_than_the_descriptor_gives_are_not_taken(tmp_path: Path) -> None:
    provider = Provider(tmp_path)

    async def ask(url: str) -> bytes:
        async with open_client(allow_private=True) as client:
            size = sums_spec(GRAPH, 0).stored_bytes
            with pytest.raises(BlobTooLargeError, match=f"passes {size - 1} bytes"):
                await client.fetch_sums(url, provider.index, 0, size - 1)
        return b""

    asked(provider, ask)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\0"])
def test_sums_of_another_length_are_no_sums(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    mine = BlobStore(tmp_path, 1 << 24)
    digest = mine.put(change(pack(expected(0)).tobytes()))
    assert ToldSums(mine, {0: digest}, GRAPH)(0) is None


def test_a_node_without_a_provider_has_none_and_a_busy_one_says_so() -> None:
    async def run() -> None:
        source = SumsSource()
        with pytest.raises(BlobMissingError, match="runs no jobs"):
            await source.get(str(JOB), "0" * 64, 0)
        gate = asyncio.Event()

        async def compute(_job: str, _root: str, _operator: int) -> bytes:
            await gate.wait()
            return b"told"

        source.connect(compute)
        waiting = [
            asyncio.create_task(source.get(str(JOB), "0" * 64, 0)) for _ in range(MOST_WAITING)
        ]
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match=f"{MOST_WAITING} requests"):
            await source.get(str(JOB), "0" * 64, 0)
        gate.set()
        assert await asyncio.gather(*waiting) == [b"told"] * MOST_WAITING
        assert await source.get(str(JOB), "0" * 64, 0) == b"told"

    asyncio.run(run())
