"""A task's kernel and inputs from a buyer that may serve anything."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keeper.data import BlobStore, InputManifest, StageIndexes, open_client
from keeper.data.server import serve_data
from keeper.node.errors import WorkloadError
from keeper.tolerant.decisions.state import Task
from keeper.tolerant.roles.kept_inputs import KeptInputs
from keeper.tolerant.roles.workload import TaskWorkload, UnfitTaskError, fetch_workload
from kernels.custom import Element, KernelPackage, Tolerance
from tests.keeper.tolerant.decisions.views import task
from tests.kernels.custom.examples import triple

INPUT = bytes(range(64))


def fetched(
    folder: Path,
    package: KernelPackage | bytes = b"",
    inputs: Sequence[bytes] = (INPUT,),
    drop: int | None = None,
    **fields: Any,
) -> TaskWorkload:
    """Serve a task's material, without blob number `drop`, and fetch it."""

    async def run() -> TaskWorkload:
        store = BlobStore(folder, 1 << 20)
        kernel = package if isinstance(package, bytes) and package else triple().canonical
        listed = InputManifest(tuple(map(store.put, inputs))).to_bytes()
        blobs = [store.put(kernel), store.put(listed), *map(store.put, inputs)]
        if drop is not None:
            store.remove(blobs[drop])
        offer: dict[str, Any] = {
            "kernel": bytes.fromhex(blobs[0]),
            "input": bytes.fromhex(blobs[1]),
            "tolerance": triple().tolerance,
        }
        async with (
            serve_data(store, StageIndexes(folder), "127.0.0.1", 0) as url,
            open_client(allow_private=True) as client,
        ):
            found: Task = replace(task(source=url), **offer | fields)
            return await fetch_workload(client, KeptInputs(store), found)

    return asyncio.run(run())


def test_material_that_fits_the_task_comes_whole(tmp_path: Path) -> None:
    assert fetched(tmp_path) == TaskWorkload(triple(), (INPUT,))


@pytest.mark.parametrize("drop", [0, 1, 2])
def test_material_that_is_not_served_may_be_asked_for_again(tmp_path: Path, drop: int) -> None:
    with pytest.raises(WorkloadError, match="404") as refused:
        fetched(tmp_path, drop=drop)
    assert not isinstance(refused.value, UnfitTaskError)


@pytest.mark.parametrize(
    "fields",
    [
        {"output_bytes": 60},
        {"element": Element.I32},
        {"tolerance": Tolerance(ulp=4)},
        {"package": b"{}"},
        {"inputs": ()},
        {"inputs": (INPUT, INPUT)},
        {"inputs": (INPUT[:60],)},
    ],
)
def test_material_that_is_not_what_the_task_says_never_fits(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    with pytest.raises(UnfitTaskError, match="task "):
        fetched(tmp_path, **fields)


def test_an_input_that_is_too_long_is_cut_off(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="passes 64 bytes"):
        fetched(tmp_path, inputs=(INPUT + b"x",))
