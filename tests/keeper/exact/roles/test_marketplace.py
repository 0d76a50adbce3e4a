"""Whole jobs with real programs, real data servers and real checks, slot by slot."""

from pathlib import Path

import numpy as np
import pytest

from idl.client import verdict
from keeper.compute import commit_segment
from keeper.exact.decisions.actions import (
    AdoptPartial,
    AnswerQuestion,
    CastBallot,
    Claim,
    CommitStage,
    Execute,
    ExpireAnswers,
    ExpireJob,
    ExpireLease,
    ProveFraud,
    RevealBallot,
    SlashProvider,
    SweepFees,
    VoidAttempt,
)
from keeper.exact.decisions.state import BallotState, DrawnBallot, JobState, Outcome, VerdictState
from keeper.exact.roles.results import fetch_result
from keeper.exact.roles.traces import TraceSource
from keeper.lab.market.cheats import Cheat, CheatingExecutor
from keeper.lab.market.marketplace import PROVIDERS, VERIFIERS
from kernels.graph.reference import execute
from tests.keeper.exact.roles.stage import TERMS, Stage, on_stage

LOCKED = TERMS.price + TERMS.verification + TERMS.tips


def outcome(stage: Stage) -> Outcome:
    judged = stage.view.verdict
    assert judged is not None
    return judged.outcome


def test_an_honest_job_is_paid_and_its_result_proved(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        before = await stage.balances()
        everybody = [stage.provider(), *stage.verifiers, stage.crank, stage.buyer]
        await stage.play(everybody, stage.ended)
        assert (stage.view.job.state, outcome(stage)) == (JobState.SETTLED, Outcome.ACCEPTED)
        services = stage.market.services
        traces = TraceSource(services.client, services.gateway)
        result = await fetch_result(traces, stage.view, stage.graph)
        assert np.array_equal(result, execute(stage.graph, stage.inputs)[-1])
        assert stage.view.job.lease is not None
        price = stage.view.job.lease.price
        stage.buyer.keep.clear()
        await stage.play(everybody, lambda: stage.closed() and not stage.crank.fee_shards)
        after = await stage.balances()
        fee = -(-price * 500 // 10_000)
        paid = {name: after.named[name] - before.named[name] for name in before.named}
        assert paid[PROVIDERS[0]] == price - fee
        assert sum(paid[name] for name in VERIFIERS) == 3 * TERMS.verification_fee
        # the salted draw is the buyer's own step, tally and settlement are the crank's
        assert paid["crank"] == 2 * TERMS.tip
        assert paid["buyer"] == LOCKED - price - 3 * TERMS.verification_fee - 2 * TERMS.tip
        assert after.named["job vaults"] == 0
        assert len(stage.actions(SweepFees)) == 1
        assert paid["treasury"] == fee * 3_000 // 10_000
        burned = fee - paid["treasury"] - paid["reward vault"]
        assert before.supply - after.supply == burned > 0
        assert after.total == after.supply

    on_stage(tmp_path, story)


@pytest.mark.parametrize("cheat", list(Cheat))
def test_a_cheat_is_proven_and_slashed(tmp_path: Path, cheat: Cheat) -> None:
    async def story(stage: Stage) -> None:
        before, staked = await stage.balances(), stage.staked(PROVIDERS[0])
        honest = stage.provider()
        cheater = stage.provider(executor=CheatingExecutor(honest._tools.executor, cheat))
        everybody = [cheater, *stage.verifiers, stage.crank, stage.buyer]
        await stage.play(everybody, stage.ended)
        assert (stage.view.job.state, outcome(stage)) == (JobState.VOIDED, Outcome.FRAUD)
        assert [name for name, _ in stage.actions(SlashProvider)] == ["crank"]
        receipt = await stage.market.services.gateway.fetch(
            verdict.Receipt, verdict.receipt_address(stage.job)
        )
        assert receipt is not None
        bond = TERMS.price // 10
        stage.buyer.keep.clear()
        await stage.play(everybody, stage.closed)
        after = await stage.balances()
        assert after.named[PROVIDERS[0]] == before.named[PROVIDERS[0]]
        assert stage.staked(PROVIDERS[0]) == staked - receipt.slashed - bond
        assert before.supply - after.supply == receipt.burned
        fees = 3 * TERMS.verification_fee
        gained = sum(after.named[name] - before.named[name] for name in VERIFIERS)
        assert gained == fees + receipt.bounty
        left = receipt.slashed - receipt.burned - receipt.bounty
        # draw and tally were cranked, and the void
        refund = LOCKED + bond + left - fees - 2 * TERMS.tip
        assert after.named["buyer"] == before.named["buyer"] + refund

    on_stage(tmp_path, story)


def test_a_rejection_that_nobody_proves_is_paid(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        honest = stage.provider()
        cheater = stage.provider(executor=CheatingExecutor(honest._tools.executor, Cheat.FLIP))
        staked = stage.staked(PROVIDERS[0])

        await stage.play(
            [cheater, *stage.verifiers, stage.crank, stage.buyer],
            lambda: _state(stage) is VerdictState.DISPUTED,
        )
        await stage.play([cheater, stage.crank, stage.buyer], stage.ended)
        assert (stage.view.job.state, outcome(stage)) == (JobState.SETTLED, Outcome.UNPROVEN)
        assert stage.staked(PROVIDERS[0]) == staked

    on_stage(tmp_path, story)


def test_one_that_saw_the_lie_proves_it_after_a_restart_without_its_provider(
    tmp_path: Path,
) -> None:
    async def story(stage: Stage) -> None:
        honest = stage.provider()
        cheater = stage.provider(executor=CheatingExecutor(honest._tools.executor, Cheat.FLIP))

        await stage.play(
            [cheater, *stage.verifiers, stage.crank, stage.buyer],
            lambda: _state(stage) is VerdictState.DISPUTED,
        )
        stage.market.storages[PROVIDERS[0]].indexes.remove(str(stage.job))
        await stage.play([*stage.market.verifiers(), stage.crank], stage.ended)
        assert outcome(stage) is Outcome.FRAUD
        assert stage.actions(ProveFraud) != []

    on_stage(tmp_path, story)


def test_nobody_claims_and_everything_comes_back(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        before = await stage.balances()
        stage.buyer.keep.clear()
        await stage.play([stage.buyer], stage.closed)
        assert stage.taken[0] == ("buyer", ExpireJob(stage.job))
        after = await stage.balances()
        assert after.named["buyer"] == before.named["buyer"] + LOCKED
        assert after.named["job vaults"] == 0

    on_stage(tmp_path, story)


def test_a_posted_job_is_cancelled(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        before = await stage.balances()
        stage.buyer.keep.clear()
        stage.buyer.cancelling.add(stage.job)
        await stage.play([stage.buyer], stage.closed)
        assert (await stage.balances()).named["buyer"] == before.named["buyer"] + LOCKED

    on_stage(tmp_path, story)


def test_a_silent_provider_loses_its_lease_and_another_completes(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        before, staked = await stage.balances(), stage.staked(PROVIDERS[0])
        await stage.play([stage.provider()], lambda: stage.view.job.state is JobState.CLAIMED)
        others = [stage.provider(PROVIDERS[1]), *stage.verifiers, stage.crank, stage.buyer]
        await stage.play(others, stage.ended)
        assert outcome(stage) is Outcome.ACCEPTED
        assert [name for name, _ in stage.actions(ExpireLease)] == ["crank"]
        stage.buyer.keep.clear()
        await stage.play(others, stage.closed)
        after = await stage.balances()
        assert after.named[PROVIDERS[0]] == before.named[PROVIDERS[0]]
        assert after.named[PROVIDERS[1]] > before.named[PROVIDERS[1]]
        assert stage.staked(PROVIDERS[0]) < staked
        assert [name for name, _ in stage.actions(Claim)] == ["provider", "provider"]

    on_stage(tmp_path, story)


def test_a_provider_restarted_before_its_commit_goes_on_without_computing_again(
    tmp_path: Path,
) -> None:
    async def story(stage: Stage) -> None:
        await stage.play([stage.provider()], lambda: bool(stage.actions(Execute)))
        stage.taken.clear()
        committed = JobState.COMMITTED
        await stage.play([stage.provider()], lambda: stage.view.job.state is committed)
        assert stage.actions(Execute) == []
        assert len(stage.actions(CommitStage)) == 1

    on_stage(tmp_path, story)


def test_verifiers_restarted_between_cast_and_reveal_still_reveal(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        def all_cast() -> bool:
            judged = stage.view.verdict
            drawn = judged.ballots if judged is not None else ()
            return bool(drawn) and all(each.state is BallotState.CAST for each in drawn)

        roles = [stage.provider(), *stage.verifiers, stage.buyer]
        await stage.play(roles, all_cast)
        assert len(stage.actions(CastBallot)) == 3
        restarted = stage.market.verifiers()
        await stage.play([*restarted, stage.crank], lambda: outcome(stage) is not Outcome.NONE)
        assert outcome(stage) is Outcome.ACCEPTED
        assert len(stage.actions(RevealBallot)) == 3

    on_stage(tmp_path, story)


def test_data_that_are_not_served_cost_bond_and_stake(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        staked = stage.staked(PROVIDERS[0])
        provider = stage.provider()
        committed = JobState.COMMITTED
        await stage.play([provider], lambda: stage.view.job.state is committed)
        storage = stage.market.storages[PROVIDERS[0]]
        for index in storage.indexes.of_job(str(stage.job)):
            for digest in index.outputs:
                storage.store.remove(digest)
        others = [provider, *stage.verifiers, stage.crank, stage.buyer]
        await stage.play(others, stage.ended)
        assert (stage.view.job.state, outcome(stage)) == (JobState.VOIDED, Outcome.WITHHELD)
        assert len(stage.actions(ExpireAnswers)) == 1
        assert ("provider", VoidAttempt(stage.job)) not in stage.taken
        lost = staked - stage.staked(PROVIDERS[0])
        assert lost > TERMS.price // 10

    on_stage(tmp_path, story)


def test_a_provider_that_was_out_of_reach_answers_and_is_paid(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        roles = [stage.provider(), *stage.verifiers, stage.crank, stage.buyer]
        await stage.play(roles[:1], lambda: stage.view.job.state is JobState.COMMITTED)
        await stage.play([stage.buyer], lambda: bool(_ballots(stage)))
        for verifier in stage.verifiers:
            if not any(each.verdicts for each in stage.verifiers):
                await verifier.step()
        indexes = stage.market.storages[PROVIDERS[0]].indexes
        kept = indexes.of_job(str(stage.job))
        indexes.remove(str(stage.job))
        await stage.play(roles[1:], lambda: _state(stage) is VerdictState.ANSWERING)
        for index in kept:
            indexes.put(index)
        restarted = stage.provider()
        await stage.play([restarted, *roles[1:]], stage.ended)
        assert (stage.view.job.state, outcome(stage)) == (JobState.SETTLED, Outcome.ACCEPTED)
        assert len(stage.actions(AnswerQuestion)) == 8

    on_stage(tmp_path, story)


def _ballots(stage: Stage) -> tuple[DrawnBallot, ...]:
    return stage.view.verdict.ballots if stage.view.verdict is not None else ()


def _state(stage: Stage) -> VerdictState | None:
    return stage.view.verdict.state if stage.view.verdict is not None else None


def test_a_buyer_that_serves_nothing_is_not_served(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        stage.market.storages["buyer"].store.remove(stage.view.job.manifest.hex())
        stage.buyer.keep.clear()
        await stage.play([stage.provider(), stage.buyer], stage.closed)
        assert ("provider", Claim(stage.job)) in stage.taken
        assert ("buyer", ExpireJob(stage.job)) in stage.taken

    on_stage(tmp_path, story)


def test_a_job_given_up_in_the_middle_is_judged_by_what_was_committed(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        provider = stage.provider()
        await stage.play([provider], lambda: stage.view.job.state is JobState.CLAIMED)
        part = range(2)
        outputs = commit_segment(provider._tools.executor, stage.graph, part, stage.inputs, [])
        index = provider._keep(stage.view.job, part, outputs)
        await stage.play([provider], lambda: stage.view.job.progress > 0)
        assert stage.view.job.progress == index.last == 2
        assert stage.view.job.lease is not None
        price = stage.view.job.lease.price
        others = [*stage.verifiers, stage.crank, stage.buyer]
        await stage.play(others, stage.ended)
        assert (stage.view.job.state, outcome(stage)) == (JobState.SETTLED, Outcome.ACCEPTED)
        assert len(stage.actions(AdoptPartial)) == 1
        assert stage.view.verdict is not None
        assert stage.view.verdict.state is VerdictState.SETTLED
        assert stage.view.escrow is not None
        owed = [each for each in stage.view.escrow.credits if each.party == provider.owner]
        share = sum(each.multiply_adds for each in stage.graph.descriptors[:2])
        gross = price * share // stage.graph.multiply_adds
        assert [each.amount for each in owed] == [gross - -(-gross * 500 // 10_000)]

    on_stage(tmp_path, story)


def test_a_successor_goes_on_from_a_fetched_checkpoint(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        first, second = stage.provider(), stage.provider(PROVIDERS[1])
        await stage.play([first], lambda: stage.view.job.state is JobState.CLAIMED)
        part = range(1)
        outputs = commit_segment(first._tools.executor, stage.graph, part, stage.inputs, [])
        first._keep(stage.view.job, part, outputs)
        await stage.play([first], lambda: stage.view.job.progress == 1)
        stage.taken.clear()
        await stage.play([second, *stage.verifiers, stage.crank, stage.buyer], stage.ended)
        assert outcome(stage) is Outcome.ACCEPTED
        (execution,) = stage.actions(Execute)
        assert execution[1] == Execute(stage.job, 1, 4)
        assert stage.view.verdict is not None
        stages = [each.provider for each in stage.view.verdict.stages]
        assert stages == [first.owner, second.owner]

    on_stage(tmp_path, story)
