"""Roles as processes: what a cluster that is away, or a signal, does to the work they hold."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from keeper.amounts import NLOV
from keeper.cli.app import run
from keeper.exact.decisions.codes import BallotState, JobState, Outcome
from keeper.lab.keys import localnet_keypair
from kernels.graph.file import dump
from neurolov_client import job_registry
from tests.end_to_end.market import BUYER, CRANK, PROVIDER, VERIFIER, Market
from tests.end_to_end.role_process import RoleProcess
from tests.keeper.exact.roles.rig import small_graph

AWAY, BACK = "does not answer; trying again", "answers again after"
ENOUGH_DROPPED = 60
"""Connections after which every role has used up any number of tries that it might have."""


@pytest.fixture
def market(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Market]:
    with Market(tmp_path, *request.param) as served:
        yield served


def provider_run(market: Market) -> RoleProcess:
    return RoleProcess(
        "provider", "run", "--executor", "numpy", "--port", "0", *market.arguments(PROVIDER)
    )


def verifier_run(market: Market) -> RoleProcess:
    return RoleProcess(
        "verifier", "run", "--executor", "numpy", "--port", "0", *market.arguments(VERIFIER)
    )


@pytest.mark.parametrize("market", [(PROVIDER, VERIFIER, CRANK, BUYER)], indirect=True)
def test_no_role_ends_while_its_cluster_is_away(market: Market, tmp_path: Path) -> None:
    graph, (array,) = small_graph()
    (tmp_path / "small.graph").write_bytes(dump(graph))
    np.save(tmp_path / "input.npy", array)
    market.proxy.cut()
    with ExitStack() as stack:
        provider = stack.enter_context(provider_run(market))
        verifier = stack.enter_context(verifier_run(market))
        crank = stack.enter_context(RoleProcess("crank", "run", *market.arguments(CRANK)))
        roles = (provider, verifier, crank)
        for role in roles:
            role.told(AWAY)
        market.proxy.restore()
        for role, name in zip(roles, ("provider", "verifier", "crank"), strict=True):
            role.told(BACK)
            role.told(f"{name} ")
        buyer = stack.enter_context(
            RoleProcess(
                "job", "submit", "--graph", tmp_path / "small.graph",
                "--input", tmp_path / "input.npy", "--price", "20", "--verifiers", "5",
                "--output", tmp_path / "output.npy", "--port", "0", "--yes",
                *market.arguments(BUYER),
            )
        )  # fmt: skip
        job = job_registry.job_address(localnet_keypair(BUYER).pubkey(), 0)
        market.watch_jobs(job)

        def cut() -> None:
            market.ticking = False
            market.proxy.cut()

        dropped = market.proxy.dropped
        assert market.when(lambda: market.is_claimed(job), cut).wait(180)
        for role in roles:
            role.told(AWAY, times=2)
        buyer.told(AWAY)
        market.until(lambda: market.proxy.dropped >= dropped + ENOUGH_DROPPED)
        market.proxy.restore()
        market.ticking = True
        assert buyer.ended() == 0, buyer.lines
        assert np.load(tmp_path / "output.npy").shape == graph.outputs[-1].shape
        for role in roles:
            assert role.running, role.lines
            assert len([line for line in role.lines if AWAY in line]) == 2
            assert not any("Traceback" in line for line in role.lines)
            role.signal()
        assert [role.ended() for role in roles] == [0, 0, 0]


@pytest.mark.parametrize("market", [(PROVIDER,)], indirect=True)
def test_a_job_that_was_claimed_just_before_the_signal_is_finished(market: Market) -> None:
    with provider_run(market) as provider:
        provider.told("provider ")
        job = market.post()
        assert market.when(lambda: market.is_claimed(job), provider.signal).wait(180)
        provider.told("draining: nothing more is taken")
        left = market.post(awaited=False)
        assert provider.ended() == 0, provider.lines
        settled, judged = market.job(job), market.verdict(job)
        assert settled is not None
        assert settled.state == JobState.SETTLED
        assert judged is None or judged.outcome == Outcome.ACCEPTED
        untouched = market.job(left)
        assert untouched is not None
        assert untouched.state == JobState.POSTED
        waits = [line for line in provider.lines if "still to do for" in line]
        assert any("wait for the ballots on it, until slot" in line for line in waits)
        dated = r"slot [\d,]+ \(.*\d\d:\d\d:\d\d UTC, .*\) at the latest"
        assert all(re.search(dated, line) for line in waits if "until" in line), waits
        assert provider.lines[-1] == "stopped: nothing is held any more"


@pytest.mark.parametrize("market", [(PROVIDER,)], indirect=True)
def test_a_second_signal_ends_at_once_and_says_what_that_costs(
    market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = [str(each) for each in market.arguments(PROVIDER)]
    with provider_run(market) as provider:
        provider.told("provider ")
        job = market.post()

        def stop() -> None:
            market.ticking = False
            provider.signal(signal.SIGINT)

        assert market.when(lambda: market.is_claimed(job), stop).wait(180)
        provider.told("wait for the draw of its verifiers")
        assert run(["provider", "drain", "--json", *chain]) == 0
        (held,) = json.loads(capsys.readouterr().out)["held"]
        assert (held["address"], held["until"]) == (str(job), None)
        assert held["left"] == "wait for the draw of its verifiers"
        assert held["can_lose"] > 500 * NLOV
        assert run(["provider", "deregister", *chain]) == 1
        refused = capsys.readouterr().err
        assert "the provider takes nothing more, but 1 of its jobs and tasks have not" in refused
        assert f"still to do for {job}: wait for the draw of its verifiers" in refused
        provider.signal(signal.SIGINT)
        assert provider.ended() == 130, provider.lines
        cost = provider.told("leaving now: ")
        assert f"{str(job)[:8]}…: 5" in cost
        lost = "exposed to it, which is lost if its data are demanded and not shown"
        assert lost in " ".join(cost.split())
        found = market.job(job)
        assert found is not None
        assert found.state == JobState.COMMITTED


@pytest.mark.parametrize("market", [(PROVIDER, VERIFIER)], indirect=True)
def test_a_verifier_reveals_what_it_has_cast_before_it_ends(market: Market) -> None:
    owner = localnet_keypair(VERIFIER).pubkey()

    with provider_run(market) as provider, verifier_run(market) as verifier:
        provider.told("provider ")
        verifier.told("verifier ")
        job = market.post()

        def ballots() -> list[BallotState]:
            judged = market.verdict(job)
            found = judged.ballots[: judged.ballot_count] if judged is not None else ()
            return [BallotState(each.state) for each in found if each.verifier == owner]

        cast = market.when(lambda: ballots() == [BallotState.CAST], verifier.signal)
        assert cast.wait(180)
        assert verifier.ended() == 0, verifier.lines
        assert ballots() == [BallotState.REVEALED]
        verifier.told("reveal ballot")
        assert "may still be drawn" in verifier.lines[-2]


@pytest.mark.parametrize("market", [(PROVIDER,)], indirect=True)
def test_a_provider_that_is_drained_on_the_chain_ends_and_starts_no_more(
    market: Market, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = [str(each) for each in market.arguments(PROVIDER)]
    with provider_run(market) as provider:
        provider.told("provider ")
        assert run(["provider", "drain", *chain]) == 0
        assert "takes nothing more" in capsys.readouterr().out
        assert provider.ended() == 0, provider.lines
    job = market.post(awaited=False)
    with provider_run(market) as again:
        assert again.ended() == 0, again.lines
        assert again.lines[-2:] == [
            "the provider is drained; to take jobs again run: neurolov provider resume",
            "stopped: nothing is held any more",
        ]
    found = market.job(job)
    assert found is not None
    assert found.state == JobState.POSTED
