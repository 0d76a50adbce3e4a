from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from keeper.chain.errors import ProgramError
from keeper.exact.decisions.codes import JobState
from keeper.exact.roles.results import ResultError, fetch_result
from keeper.exact.roles.traces import TraceFetcher
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.node.errors import RoleError
from neurolov_client import job_registry
from tests.keeper.exact.roles.rig import TERMS, Rig, on_rig, small_graph
from tests.keeper.exact.verification.graphs import every_operator


def test_a_graph_that_was_half_appended_is_finished(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        graph, _ = every_operator(24)
        owner = rig.buyer.owner
        address = job_registry.graph_address(owner, graph.spec_root)
        submitter = rig.buyer.submitter
        encoded = graph.encoded()
        opening = job_registry.open_graph(
            spec_root=graph.spec_root, operators=len(encoded), author=owner
        )
        appending = job_registry.append_operators(data=encoded[0], author=owner, graph=address)
        await submitter.submit("by hand", [opening, appending])
        assert await rig.market.graphs.register(graph) == address
        found = await rig.market.services.gateway.fetch(job_registry.Graph, address)
        assert found is not None
        assert (found.appended, found.state, found.macs) == (10, 1, graph.multiply_adds)

    on_rig(tmp_path, story)


def test_a_job_needs_a_sealed_graph(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        graph, inputs = every_operator(24)
        address = job_registry.graph_address(rig.buyer.owner, graph.spec_root)
        before = await rig.balances()
        poster = rig.market.poster
        manifest = poster.store_workload(graph, inputs)
        with pytest.raises(RoleError, match="neurolov graph register"):
            await poster.post(address, manifest, inputs, TERMS, "http://127.0.0.1:1")
        assert await rig.balances() == before

    on_rig(tmp_path, story)


def test_an_even_number_of_verifiers_is_refused_by_the_chain_and_costs_nothing(
    tmp_path: Path,
) -> None:
    async def story(rig: Rig) -> None:
        before = await rig.balances()
        poster = rig.market.poster
        manifest = poster.store_workload(rig.graph, rig.inputs)
        offer = type(TERMS)(TERMS.price, TERMS.verification_fee, TERMS.tip, verifiers=2)
        with pytest.raises(ProgramError):
            await poster.post(rig.view.job.graph, manifest, rig.inputs, offer, "http://127.0.0.1:1")
        assert await rig.balances() == before

    on_rig(tmp_path, story)


@pytest.mark.parametrize("urgency", [1, 3, 10])
def test_the_burned_half_of_a_premium_is_rounded_as_the_chain_rounds_it(
    tmp_path: Path, urgency: int
) -> None:
    async def story(rig: Rig) -> None:
        poster = rig.market.poster
        manifest = poster.store_workload(rig.graph, rig.inputs)
        offer = replace(TERMS, urgency=urgency)
        url = rig.market.storages["buyer"].url
        job = await poster.post(rig.view.job.graph, manifest, rig.inputs, offer, url)
        view = await rig.market.mirror.refresh()
        assert view.jobs[job].job.urgency == urgency // 2

    on_rig(tmp_path, story)


def test_inputs_other_than_committed_are_not_run(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        poster, (graph, inputs) = rig.market.poster, small_graph()
        others = [np.roll(inputs[0], 1)]
        manifest = poster.store_workload(graph, others)
        url = rig.market.storages["buyer"].url
        job = await poster.post(rig.view.job.graph, manifest, inputs, TERMS, url)
        view = await rig.market.mirror.refresh()
        services, store = rig.market.services, rig.market.storages["provider 1"].store
        source = WorkloadFetcher(services.client, store, services.lane)
        with pytest.raises(RoleError, match="the inputs' hash is not the job's"):
            await source.get(view.jobs[job].job)

    on_rig(tmp_path, story)


def test_a_result_that_was_not_committed_is_refused(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        committed = JobState.COMMITTED
        await rig.play([rig.provider()], lambda: rig.view.job.state is committed)
        services = rig.market.services
        traces = TraceFetcher(services.client, services.gateway)
        await fetch_result(traces, rig.view, rig.graph)
        storage = rig.market.storages["provider 1"]
        (index,) = storage.indexes.of_job(str(rig.job))
        other = storage.store.put(bytes(rig.graph.outputs[-1].stored_bytes))
        swapped = type(index)(
            index.job,
            index.first,
            index.last,
            index.root,
            (*index.outputs[:-1], other),
            index.tensor_roots,
        )
        storage.indexes.put(swapped)
        with pytest.raises(ResultError, match="another result than it committed to"):
            await fetch_result(traces, rig.view, rig.graph)
        lying = type(index)(
            index.job,
            index.first,
            index.last,
            index.root,
            index.outputs,
            (*index.tensor_roots[:-1], index.tensor_roots[0]),
        )
        storage.indexes.put(lying)
        with pytest.raises(ResultError, match="its index is not what was committed"):
            await fetch_result(traces, rig.view, rig.graph)

    on_rig(tmp_path, story)
