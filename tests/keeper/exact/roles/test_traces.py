"""A stage fetched from a provider that may serve anything."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from keeper.data import (
    BlobStore,
    DataError,
    OwnFault,
    QuotaExceededError,
    Spool,
    StageIndex,
    StageIndexes,
    open_client,
)
from keeper.data.server import serve_data
from keeper.exact.decisions.state import Stage
from keeper.exact.roles.traces import StoredTrace, TraceMissingError, fetch_stage
from kernels.trace import stored_roots, trace_root
from tests.keeper.exact.verification.graphs import honest, stored

JOB = Pubkey.from_bytes(bytes([3]) * 32)
GRAPH, _, OUTPUTS = honest(2)
TRACE = [data for data in stored(OUTPUTS) if data is not None]
ROOTS = stored_roots(TRACE)
STAGE = Stage(Pubkey.default(), trace_root(ROOTS), 0, len(TRACE))

Change = Callable[[BlobStore, StageIndex], StageIndex]


def fetched(
    folder: Path, change: Change | None = None, stage: Stage = STAGE, quota_bytes: int = 1 << 22
) -> tuple[StoredTrace, BlobStore]:
    """Fetch the stage from a provider whose store and index `change` has altered."""
    theirs, indexes = BlobStore(folder / "theirs", 1 << 22), StageIndexes(folder / "theirs")
    index = StageIndex(
        str(JOB),
        stage.first,
        stage.last,
        stage.root.hex(),
        tuple(map(theirs.put, TRACE)),
        tuple(root.hex() for root in ROOTS),
    )
    indexes.put(index if change is None else change(theirs, index))
    mine = BlobStore(folder / "mine", quota_bytes)

    async def run() -> StoredTrace:
        async with (
            serve_data(theirs, indexes, "127.0.0.1", 0) as url,
            open_client(allow_private=True) as client,
            Spool(mine) as spool,
        ):
            found = await fetch_stage(client, url, JOB, stage, GRAPH, spool)
            spool.keep()
            return StoredTrace.of(mine, [found])

    return asyncio.run(run()), mine


def left_bytes(folder: Path) -> int:
    """What the own store holds after a refusal."""
    return BlobStore(folder / "mine", 1 << 22).used_bytes


def test_every_output_comes_to_disk_with_its_root(tmp_path: Path) -> None:
    trace, mine = fetched(tmp_path)
    assert list(trace.outputs) == TRACE
    assert trace.roots == tuple(ROOTS)
    assert mine.used_bytes > 0


@pytest.mark.parametrize("number", [0, 4, len(TRACE) - 1])
def test_the_output_that_is_not_served_is_named_and_nothing_is_kept(
    tmp_path: Path, number: int
) -> None:
    def change(theirs: BlobStore, index: StageIndex) -> StageIndex:
        theirs.remove(index.outputs[number])
        return index

    with pytest.raises(TraceMissingError, match=f"operator {number} of job {JOB}") as refused:
        fetched(tmp_path, change)
    assert refused.value.missing == f"operator {number}"
    assert left_bytes(tmp_path) == 0


def test_an_output_that_is_too_long_is_not_served(tmp_path: Path) -> None:
    def change(theirs: BlobStore, index: StageIndex) -> StageIndex:
        longer = theirs.put(TRACE[2] + b"\0")
        return replace(index, outputs=(*index.outputs[:2], longer, *index.outputs[3:]))

    with pytest.raises(TraceMissingError, match=f"passes {len(TRACE[2])} bytes") as refused:
        fetched(tmp_path, change)
    assert refused.value.missing == "operator 2"
    assert left_bytes(tmp_path) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda _, index: replace(index, tensor_roots=(*index.tensor_roots[:-1], "0" * 64)),
        lambda _, index: replace(index, first=1, last=len(TRACE) + 1),
    ],
    ids=["other roots", "other operators"],
)
def test_an_index_that_was_not_committed_is_refused_before_any_output(
    tmp_path: Path, change: Change
) -> None:
    with pytest.raises(TraceMissingError, match="its index is not what was committed") as refused:
        fetched(tmp_path, change)
    assert refused.value.missing == f"stage 0..{len(TRACE)}"
    assert left_bytes(tmp_path) == 0


def test_a_stage_that_nobody_serves_is_named(tmp_path: Path) -> None:
    async def run() -> None:
        async with open_client(allow_private=False) as client:
            store = BlobStore(tmp_path / "mine", 1 << 22)
            await fetch_stage(client, "http://127.0.0.1:7010", JOB, STAGE, GRAPH, store)

    with pytest.raises(TraceMissingError, match="not a public address") as refused:
        asyncio.run(run())
    assert refused.value.missing == f"stage 0..{len(TRACE)}"


def test_a_full_store_is_the_nodes_own_fault(tmp_path: Path) -> None:
    with pytest.raises(QuotaExceededError) as refused:
        fetched(tmp_path, quota_bytes=1_000)
    error: DataError = refused.value
    assert isinstance(error, OwnFault)
    assert left_bytes(tmp_path) == 0
