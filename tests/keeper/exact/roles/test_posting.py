from pathlib import Path

import numpy as np
import pytest

from idl.client import job_registry
from keeper.chain.errors import ProgramError
from keeper.exact.decisions.codes import JobState
from keeper.exact.roles.results import ResultError, fetch_result
from keeper.exact.roles.traces import TraceFetcher
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.node.errors import RoleError
from tests.keeper.exact.roles.stage import TERMS, Stage, on_stage, small_graph
from tests.keeper.exact.verification.graphs import every_operator


def test_a_graph_that_was_half_appended_is_finished(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        graph, _ = every_operator(24)
        owner = stage.buyer.owner
        address = job_registry.graph_address(owner, graph.spec_root)
        submitter = stage.buyer.submitter
        encoded = graph.encoded()
        opening = job_registry.open_graph(
            spec_root=graph.spec_root, operators=len(encoded), author=owner
        )
        appending = job_registry.append_operators(data=encoded[0], author=owner, graph=address)
        await submitter.submit("by hand", [opening, appending])
        assert await stage.market.graphs.register(graph) == address
        found = await stage.market.services.gateway.fetch(job_registry.Graph, address)
        assert found is not None
        assert (found.appended, found.state, found.macs) == (10, 1, graph.multiply_adds)

    on_stage(tmp_path, story)


def test_a_job_needs_a_sealed_graph(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        graph, inputs = every_operator(24)
        address = job_registry.graph_address(stage.buyer.owner, graph.spec_root)
        before = await stage.balances()
        poster = stage.market.poster
        manifest = poster.store_workload(graph, inputs)
        with pytest.raises(RoleError, match="neurolov graph register"):
            await poster.post(address, manifest, inputs, TERMS, "http://127.0.0.1:1")
        assert await stage.balances() == before

    on_stage(tmp_path, story)


def test_an_even_number_of_verifiers_is_refused_by_the_chain_and_costs_nothing(
    tmp_path: Path,
) -> None:
    async def story(stage: Stage) -> None:
        before = await stage.balances()
        poster = stage.market.poster
        manifest = poster.store_workload(stage.graph, stage.inputs)
        terms = type(TERMS)(TERMS.price, TERMS.verification_fee, TERMS.tip, verifiers=2)
        with pytest.raises(ProgramError):
            await poster.post(
                stage.view.job.graph, manifest, stage.inputs, terms, "http://127.0.0.1:1"
            )
        assert await stage.balances() == before

    on_stage(tmp_path, story)


def test_inputs_other_than_committed_are_not_run(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        poster, (graph, inputs) = stage.market.poster, small_graph()
        others = [np.roll(inputs[0], 1)]
        manifest = poster.store_workload(graph, others)
        url = stage.market.storages["buyer"].url
        job = await poster.post(stage.view.job.graph, manifest, inputs, TERMS, url)
        view = await stage.market.mirror.refresh()
        services, store = stage.market.services, stage.market.storages["provider 1"].store
        source = WorkloadFetcher(services.client, store, services.lane)
        with pytest.raises(RoleError, match="the inputs' hash is not the job's"):
            await source.get(view.jobs[job].job)

    on_stage(tmp_path, story)


def test_a_result_that_was_not_committed_is_refused(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        committed = JobState.COMMITTED
        await stage.play([stage.provider()], lambda: stage.view.job.state is committed)
        services = stage.market.services
        traces = TraceFetcher(services.client, services.gateway)
        await fetch_result(traces, stage.view, stage.graph)
        storage = stage.market.storages["provider 1"]
        (index,) = storage.indexes.of_job(str(stage.job))
        other = storage.store.put(bytes(stage.graph.outputs[-1].stored_bytes))
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
            await fetch_result(traces, stage.view, stage.graph)
        lying = type(index)(
            index.job,
            index.first,
            index.last,
            index.root,
            index.outputs,
            (*index.tensor_roots[:-1], index.tensor_roots[0]),
        )
        storage.indexes.put(lying)
        with pytest.raises(ResultError, match="index is not what it committed to"):
            await fetch_result(traces, stage.view, stage.graph)

    on_stage(tmp_path, story)
