"""Several outputs of a job: each is committed, fetched, checked and missed like the last one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keeper.data import JobManifest, MalformedDocumentError, NamedOutput, StageIndex
from keeper.exact.decisions.codes import JobState, Outcome
from keeper.exact.roles.posting import manifest_of
from keeper.exact.roles.results import ResultArchive, ResultError, fetch_result
from keeper.exact.roles.traces import TraceFetcher
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.exact.verification import Unavailable
from keeper.node.errors import WorkloadError
from kernels.graph.file import dump
from kernels.graph.reference import execute
from tests.keeper.exact.roles.rig import Rig, on_rig, small_graph

# A convolution's int32, the argmax's int32 and the requantised int8 of one graph.
OUTPUTS = (NamedOutput("sums", 0), NamedOutput("class", 3), NamedOutput("small", 1))


async def committed(rig: Rig) -> tuple[TraceFetcher, StageIndex]:
    """Returns who fetches from a provider that has committed, and what its index lists."""
    await rig.play([rig.provider()], lambda: rig.view.job.state is JobState.COMMITTED)
    services = rig.market.services
    (index,) = rig.market.storages["provider 1"].indexes.of_job(str(rig.job))
    return TraceFetcher(services.client, services.gateway), index


async def unavailable(rig: Rig) -> None:
    """Play on without the provider: every drawn verifier says that it cannot get the data."""
    await rig.play([*rig.verifiers, rig.crank, rig.buyer], rig.ended)
    assert rig.view.job.state is not JobState.SETTLED
    assert rig.view.verdict is not None
    assert rig.view.verdict.outcome in (Outcome.UNAVAILABLE, Outcome.WITHHELD)
    found = [each.verdicts[rig.job].finding for each in rig.verifiers if rig.job in each.verdicts]
    assert found
    assert all(isinstance(each, Unavailable) for each in found)


def changed(items: Sequence[str], place: int, item: str) -> tuple[str, ...]:
    return (*items[:place], item, *items[place + 1 :])


def test_each_output_is_fetched_as_committed_and_kept(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        traces, _ = await committed(rig)
        result = await fetch_result(traces, rig.view, rig.graph, outputs=OUTPUTS)
        assert isinstance(result, dict)
        assert list(result) == ["sums", "class", "small"]
        expected = execute(rig.graph, rig.inputs)
        for output in OUTPUTS:
            np.testing.assert_array_equal(result[output.name], expected[output.operator])
        inner = await fetch_result(traces, rig.view, rig.graph, outputs=OUTPUTS[2:])
        np.testing.assert_array_equal(inner, expected[1])
        archive = ResultArchive(tmp_path / "results")
        archive.keep(rig.view, 7, result)
        kept = archive.result(rig.job)
        assert isinstance(kept, dict)
        assert archive.path(rig.job).suffix == ".npz"
        assert list(kept) == list(result)
        assert all(np.array_equal(kept[name], result[name]) for name in kept)

    on_rig(tmp_path, story)


@pytest.mark.parametrize("output", OUTPUTS[::2])
def test_an_altered_output_is_noticed(tmp_path: Path, output: NamedOutput) -> None:
    async def story(rig: Rig) -> None:
        traces, index = await committed(rig)
        storage = rig.market.storages["provider 1"]
        size = rig.graph.outputs[output.operator].stored_bytes
        other = storage.store.put(bytes(size))
        altered = replace(index, outputs=changed(index.outputs, output.operator, other))
        storage.indexes.put(altered)
        why = f"another result than it committed to, of operator {output.operator}"
        with pytest.raises(ResultError, match=why):
            await fetch_result(traces, rig.view, rig.graph, outputs=OUTPUTS)
        untouched = [each for each in OUTPUTS if each != output]
        found = await fetch_result(traces, rig.view, rig.graph, outputs=untouched)
        assert isinstance(found, dict)
        roots = changed(index.tensor_roots, output.operator, index.tensor_roots[2])
        storage.indexes.put(replace(index, tensor_roots=roots))
        with pytest.raises(ResultError, match="its index is not what was committed"):
            await fetch_result(traces, rig.view, rig.graph, outputs=OUTPUTS)
        storage.indexes.put(altered)
        await unavailable(rig)

    on_rig(tmp_path, story)


def test_a_missing_output_is_noticed_by_buyer_and_verifiers(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        traces, index = await committed(rig)
        storage = rig.market.storages["provider 1"]
        missing = replace(index, outputs=changed(index.outputs, 1, "0" * 64))
        storage.indexes.put(missing)
        with pytest.raises(ResultError, match=r"operator 1 of job .* is not served"):
            await fetch_result(traces, rig.view, rig.graph, outputs=OUTPUTS)
        await unavailable(rig)

    on_rig(tmp_path, story)


def test_a_manifest_with_an_output_of_no_operator_is_refused(tmp_path: Path) -> None:
    graph, inputs = small_graph()
    outside = (*OUTPUTS, NamedOutput("outside", len(graph.descriptors)))
    with pytest.raises(MalformedDocumentError, match="'outside' is of operator 4, the graph has 4"):
        manifest_of(graph, inputs, outside)
    for twice in ((*OUTPUTS, OUTPUTS[0]), (*OUTPUTS, NamedOutput("again", 3))):
        with pytest.raises(MalformedDocumentError, match="two outputs have one name or one"):
            manifest_of(graph, inputs, twice)
    many = tuple(NamedOutput(str(at), at) for at in range(65))
    with pytest.raises(MalformedDocumentError, match="at most 64 outputs, the manifest names 65"):
        manifest_of(graph, inputs, many)

    async def story(rig: Rig) -> None:
        store = rig.market.storages["buyer"].store
        listed = manifest_of(rig.graph, rig.inputs)
        assert store.get(listed.graph) == dump(rig.graph)
        hostile = JobManifest(listed.graph, listed.inputs, outside)
        job = replace(rig.view.job, manifest=bytes.fromhex(store.put(hostile.to_bytes())))
        fetcher = WorkloadFetcher(rig.market.services.client, store, rig.market.services.lane)
        with pytest.raises(WorkloadError, match="'outside' is of operator 4, the graph has 4"):
            await fetcher.get(job)

    on_rig(tmp_path, story)
