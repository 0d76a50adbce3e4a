"""A provider in the middle of a long execution answers for its earlier jobs (attack C8)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from solders.pubkey import Pubkey

from keeper.compute import Lane
from keeper.exact.decisions.actions import (
    AnswerQuestion,
    CastBallot,
    Check,
    Execute,
    ExpireAnswers,
    ExpireLease,
    RevealBallot,
)
from keeper.exact.decisions.codes import BallotState, JobState, VerdictState
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles import Provider
from keeper.lab.market.marketplace import PROVIDERS
from keeper.node.decisions.actions import Wait
from tests.keeper.exact.roles.rig import Rig, on_rig

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class HeldLane:
    """A lane whose calls wait until it is opened: a device that is busy for as long as we like."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.open = asyncio.Event()
        self.open.set()

    async def run(
        self,
        call: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        await self.open.wait()
        return await self._lane.run(call, *arguments, **named)


def snapshot(rig: Rig, job: Pubkey) -> JobSnapshot:
    return rig.market.mirror.view.jobs[job]


def state(rig: Rig, job: Pubkey) -> VerdictState | None:
    verdict = snapshot(rig, job).verdict
    return verdict.state if verdict is not None else None


def answers(rig: Rig, job: Pubkey) -> list[int]:
    actions = [action for _, action in rig.actions(AnswerQuestion)]
    return [
        each.question for each in actions if isinstance(each, AnswerQuestion) and each.job == job
    ]


def executing(provider: Provider, job: Pubkey) -> bool:
    return any(isinstance(each, Execute) and each.job == job for each in provider.running)


async def asked_while_busy(rig: Rig, lane: HeldLane, provider: Provider) -> Pubkey:
    """Leaves the provider in the middle of a second job, and the buyer asking about the first."""
    others = [*rig.verifiers, rig.crank, rig.buyer]
    await rig.play([provider], lambda: rig.view.job.state is JobState.COMMITTED)
    lane.open.clear()
    rig.computing.add(provider)
    second = await rig.post()
    await rig.play([provider], lambda: executing(provider, second))
    await rig.play([provider, *others], lambda: state(rig, rig.job) is VerdictState.DECIDED)
    rig.buyer.missing.add(rig.job)
    await rig.play([rig.buyer], lambda: state(rig, rig.job) is VerdictState.ANSWERING)
    return second


async def both_are_paid(rig: Rig, provider: Provider, second: Pubkey, staked: int) -> None:
    rig.computing.clear()
    roles = [provider, *rig.verifiers, rig.crank, rig.buyer]
    jobs = (rig.job, second)
    await rig.play(roles, lambda: all(snapshot(rig, job).job.ended for job in jobs))
    for job in jobs:
        assert snapshot(rig, job).job.state is JobState.SETTLED
    assert rig.staked(PROVIDERS[0]) == staked
    assert rig.actions(ExpireAnswers) == rig.actions(ExpireLease) == []


def test_c8_questions_are_answered_while_another_job_executes(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        staked, lane = rig.staked(PROVIDERS[0]), HeldLane(rig.market.services.lane)
        provider = rig.provider(lane=lane)
        second = await asked_while_busy(rig, lane, provider)
        await rig.play(
            [provider, rig.crank], lambda: state(rig, rig.job) is not VerdictState.ANSWERING
        )
        # All eight came in order while not one operator of the second job had run.
        assert answers(rig, rig.job) == list(range(8))
        assert executing(provider, second)
        assert snapshot(rig, second).job.progress == 0
        lane.open.set()
        await both_are_paid(rig, provider, second, staked)

    on_rig(tmp_path, story)


def test_c8_a_provider_killed_while_it_executes_answers_after_its_restart(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        staked, lane = rig.staked(PROVIDERS[0]), HeldLane(rig.market.services.lane)
        killed = rig.provider(lane=lane)
        second = await asked_while_busy(rig, lane, killed)
        await rig.play([killed], lambda: answers(rig, rig.job) == [0, 1, 2])
        await killed._background.close()
        rig.computing = {restarted := rig.provider(lane=lane)}
        await rig.play(
            [restarted, rig.crank], lambda: state(rig, rig.job) is not VerdictState.ANSWERING
        )
        assert answers(rig, rig.job) == list(range(8))
        assert executing(restarted, second)
        lane.open.set()
        await both_are_paid(rig, restarted, second, staked)

    on_rig(tmp_path, story)


def ballots(rig: Rig, job: Pubkey) -> list[BallotState]:
    verdict = snapshot(rig, job).verdict
    return [ballot.state for ballot in verdict.ballots] if verdict is not None else []


def test_c8_a_verifier_reveals_while_it_checks_another_job(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        lane = HeldLane(rig.market.services.lane)
        for verifier in rig.verifiers:
            verifier._tools = replace(verifier._tools, lane=lane)
        others = [rig.provider(), rig.crank, rig.buyer]
        await rig.play(
            [*others, *rig.verifiers], lambda: ballots(rig, rig.job) == [BallotState.CAST] * 3
        )
        second = await rig.post()
        await rig.play(others, lambda: state(rig, second) is VerdictState.BALLOTING)
        lane.open.clear()
        rig.computing.update(rig.verifiers)
        await rig.play(rig.verifiers, lambda: ballots(rig, rig.job) == [BallotState.REVEALED] * 3)
        checking = [each for verifier in rig.verifiers for each in verifier.running]
        assert checking
        assert all(isinstance(each, Check) and each.job == second for each in checking)
        assert ballots(rig, second) == [BallotState.DRAWN] * 3
        lane.open.set()
        rig.computing.clear()
        await rig.play(
            [*others, *rig.verifiers],
            lambda: all(snapshot(rig, job).job.ended for job in (rig.job, second)),
        )
        assert len(rig.actions(RevealBallot)) == len(rig.actions(CastBallot)) == 6

    on_rig(tmp_path, story)


def test_a_role_with_nothing_to_do_waits_beside_its_work(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        lane = HeldLane(rig.market.services.lane)
        provider = rig.provider(lane=lane)
        lane.open.clear()
        rig.computing.add(provider)
        await rig.play([provider], lambda: executing(provider, rig.job))
        assert isinstance(await provider.step(), Wait)
        assert isinstance(await provider.step(), Wait)
        lane.open.set()
        await provider.settle()
        assert provider.running == frozenset()

    on_rig(tmp_path, story)


def test_work_that_ends_wakes_its_role_before_the_chain_has_news(tmp_path: Path) -> None:
    """Nobody polls here: a provider goes from fetching to committing by what it did itself."""

    async def story(rig: Rig) -> None:
        provider, mirror = rig.provider(), rig.market.mirror
        rig.bank.advance(40)
        running = asyncio.create_task(provider.run())
        while rig.view.job.state is not JobState.COMMITTED:
            await mirror.next_view()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert provider.running == frozenset()

    on_rig(tmp_path, story)


def test_a_role_that_ends_takes_its_work_with_it(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        lane = HeldLane(rig.market.services.lane)
        provider, mirror = rig.provider(lane=lane), rig.market.mirror
        lane.open.clear()
        rig.bank.advance(40)
        running = asyncio.create_task(provider.run())
        while not executing(provider, rig.job):
            await mirror.next_view()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert provider.running == frozenset()
        assert rig.view.job.progress == 0

    on_rig(tmp_path, story)
