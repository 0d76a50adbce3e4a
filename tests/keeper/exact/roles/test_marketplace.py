"""Whole jobs with real programs, real data servers and real checks, slot by slot."""

from pathlib import Path

import numpy as np
import pytest

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
    FetchWorkload,
    ProveFraud,
    RevealBallot,
    SlashProvider,
    SweepFees,
    VoidAttempt,
)
from keeper.exact.decisions.codes import BallotState, JobState, Outcome, VerdictState
from keeper.exact.decisions.state import DrawnBallot
from keeper.exact.roles.results import fetch_result
from keeper.exact.roles.traces import TraceFetcher
from keeper.lab.market.cheats import Cheat, CheatingExecutor
from keeper.lab.market.marketplace import PROVIDERS, VERIFIERS
from kernels.graph.reference import execute
from neurolov_client import verdict
from tests.keeper.exact.roles.rig import TERMS, Rig, on_rig

LOCKED = TERMS.price + TERMS.verification + TERMS.tips


def outcome(rig: Rig) -> Outcome:
    judged = rig.view.verdict
    assert judged is not None
    return judged.outcome


def test_an_honest_job_is_paid_and_its_result_proved(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        before = await rig.balances()
        everybody = [rig.provider(), *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, rig.ended)
        assert (rig.view.job.state, outcome(rig)) == (JobState.SETTLED, Outcome.ACCEPTED)
        services = rig.market.services
        traces = TraceFetcher(services.client, services.gateway)
        result = await fetch_result(traces, rig.view, rig.graph)
        assert isinstance(result, np.ndarray)
        assert np.array_equal(result, execute(rig.graph, rig.inputs)[-1])
        assert rig.view.job.lease is not None
        price = rig.view.job.lease.price
        rig.buyer.keep.clear()
        await rig.play(everybody, lambda: rig.closed() and not rig.crank.fee_shards)
        after = await rig.balances()
        fee = -(-price * 500 // 10_000)
        paid = {name: after.named[name] - before.named[name] for name in before.named}
        assert paid[PROVIDERS[0]] == price - fee
        assert sum(paid[name] for name in VERIFIERS) == 3 * TERMS.verification_fee
        # the salted draw is the buyer's own step, tally and settlement are the crank's
        assert paid["crank"] == 2 * TERMS.tip
        assert paid["buyer"] == LOCKED - price - 3 * TERMS.verification_fee - 2 * TERMS.tip
        assert after.named["job vaults"] == 0
        assert len(rig.actions(SweepFees)) == 1
        assert paid["treasury"] == fee * 3_000 // 10_000
        burned = fee - paid["treasury"] - paid["reward vault"]
        assert before.supply - after.supply == burned > 0
        assert after.total == after.supply

    on_rig(tmp_path, story)


@pytest.mark.parametrize("cheat", list(Cheat))
def test_a_cheat_is_proven_and_slashed(tmp_path: Path, cheat: Cheat) -> None:
    async def story(rig: Rig) -> None:
        before, staked = await rig.balances(), rig.staked(PROVIDERS[0])
        honest = rig.provider()
        cheater = rig.provider(executor=CheatingExecutor(honest._tools.executor, cheat))
        everybody = [cheater, *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(everybody, rig.ended)
        assert (rig.view.job.state, outcome(rig)) == (JobState.VOIDED, Outcome.FRAUD)
        assert [name for name, _ in rig.actions(SlashProvider)] == ["crank"]
        receipt = await rig.market.services.gateway.fetch(
            verdict.Receipt, verdict.receipt_address(rig.job)
        )
        assert receipt is not None
        bond = TERMS.price // 10
        rig.buyer.keep.clear()
        await rig.play(everybody, rig.closed)
        after = await rig.balances()
        assert after.named[PROVIDERS[0]] == before.named[PROVIDERS[0]]
        assert rig.staked(PROVIDERS[0]) == staked - receipt.slashed - bond
        assert before.supply - after.supply == receipt.burned
        fees = 3 * TERMS.verification_fee
        gained = sum(after.named[name] - before.named[name] for name in VERIFIERS)
        assert gained == fees + receipt.bounty
        left = receipt.slashed - receipt.burned - receipt.bounty
        # draw and tally were cranked, and the void
        refund = LOCKED + bond + left - fees - 2 * TERMS.tip
        assert after.named["buyer"] == before.named["buyer"] + refund

    on_rig(tmp_path, story)


def test_a_rejection_that_nobody_proves_is_paid(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        honest = rig.provider()
        cheater = rig.provider(executor=CheatingExecutor(honest._tools.executor, Cheat.FLIP))
        staked = rig.staked(PROVIDERS[0])

        await rig.play(
            [cheater, *rig.verifiers, rig.crank, rig.buyer],
            lambda: _state(rig) is VerdictState.DISPUTED,
        )
        await rig.play([cheater, rig.crank, rig.buyer], rig.ended)
        assert (rig.view.job.state, outcome(rig)) == (JobState.SETTLED, Outcome.UNPROVEN)
        assert rig.staked(PROVIDERS[0]) == staked

    on_rig(tmp_path, story)


def test_one_that_saw_the_lie_proves_it_after_a_restart_without_its_provider(
    tmp_path: Path,
) -> None:
    async def story(rig: Rig) -> None:
        honest = rig.provider()
        cheater = rig.provider(executor=CheatingExecutor(honest._tools.executor, Cheat.FLIP))

        await rig.play(
            [cheater, *rig.verifiers, rig.crank, rig.buyer],
            lambda: _state(rig) is VerdictState.DISPUTED,
        )
        rig.market.storages[PROVIDERS[0]].indexes.remove(str(rig.job))
        await rig.play([*rig.market.verifiers(), rig.crank], rig.ended)
        assert outcome(rig) is Outcome.FRAUD
        assert rig.actions(ProveFraud) != []

    on_rig(tmp_path, story)


def test_nobody_claims_and_everything_comes_back(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        before = await rig.balances()
        rig.buyer.keep.clear()
        await rig.play([rig.buyer], rig.closed)
        assert rig.taken[0] == ("buyer", ExpireJob(rig.job))
        after = await rig.balances()
        assert after.named["buyer"] == before.named["buyer"] + LOCKED
        assert after.named["job vaults"] == 0

    on_rig(tmp_path, story)


def test_a_posted_job_is_cancelled(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        before = await rig.balances()
        rig.buyer.keep.clear()
        rig.buyer.cancelling.add(rig.job)
        await rig.play([rig.buyer], rig.closed)
        assert (await rig.balances()).named["buyer"] == before.named["buyer"] + LOCKED

    on_rig(tmp_path, story)


def test_a_silent_provider_loses_its_lease_and_another_completes(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        before, staked = await rig.balances(), rig.staked(PROVIDERS[0])
        await rig.play([rig.provider()], lambda: rig.view.job.state is JobState.CLAIMED)
        others = [rig.provider(PROVIDERS[1]), *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(others, rig.ended)
        assert outcome(rig) is Outcome.ACCEPTED
        assert [name for name, _ in rig.actions(ExpireLease)] == ["crank"]
        rig.buyer.keep.clear()
        await rig.play(others, rig.closed)
        after = await rig.balances()
        assert after.named[PROVIDERS[0]] == before.named[PROVIDERS[0]]
        assert after.named[PROVIDERS[1]] > before.named[PROVIDERS[1]]
        assert rig.staked(PROVIDERS[0]) < staked
        assert [name for name, _ in rig.actions(Claim)] == ["provider", "provider"]

    on_rig(tmp_path, story)


def test_a_provider_restarted_before_its_commit_goes_on_without_computing_again(
    tmp_path: Path,
) -> None:
    async def story(rig: Rig) -> None:
        await rig.play([rig.provider()], lambda: bool(rig.actions(Execute)))
        rig.taken.clear()
        committed = JobState.COMMITTED
        await rig.play([rig.provider()], lambda: rig.view.job.state is committed)
        assert rig.actions(Execute) == []
        assert len(rig.actions(CommitStage)) == 1

    on_rig(tmp_path, story)


def test_verifiers_restarted_between_cast_and_reveal_still_reveal(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        def all_cast() -> bool:
            judged = rig.view.verdict
            drawn = judged.ballots if judged is not None else ()
            return bool(drawn) and all(each.state is BallotState.CAST for each in drawn)

        roles = [rig.provider(), *rig.verifiers, rig.buyer]
        await rig.play(roles, all_cast)
        assert len(rig.actions(CastBallot)) == 3
        restarted = rig.market.verifiers()
        await rig.play([*restarted, rig.crank], lambda: outcome(rig) is not Outcome.NONE)
        assert outcome(rig) is Outcome.ACCEPTED
        assert len(rig.actions(RevealBallot)) == 3

    on_rig(tmp_path, story)


def test_data_that_are_not_served_cost_bond_and_stake(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        staked = rig.staked(PROVIDERS[0])
        provider = rig.provider()
        committed = JobState.COMMITTED
        await rig.play([provider], lambda: rig.view.job.state is committed)
        storage = rig.market.storages[PROVIDERS[0]]
        for index in storage.indexes.of_job(str(rig.job)):
            for digest in index.outputs:
                storage.store.remove(digest)
        others = [provider, *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(others, rig.ended)
        assert (rig.view.job.state, outcome(rig)) == (JobState.VOIDED, Outcome.WITHHELD)
        assert len(rig.actions(ExpireAnswers)) == 1
        assert ("provider", VoidAttempt(rig.job)) not in rig.taken
        lost = staked - rig.staked(PROVIDERS[0])
        assert lost > TERMS.price // 10

    on_rig(tmp_path, story)


def test_a_provider_that_was_out_of_reach_answers_and_is_paid(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        roles = [rig.provider(), *rig.verifiers, rig.crank, rig.buyer]
        await rig.play(roles[:1], lambda: rig.view.job.state is JobState.COMMITTED)
        await rig.play([rig.buyer], lambda: bool(_ballots(rig)))
        for verifier in rig.verifiers:
            if not any(each.verdicts for each in rig.verifiers):
                await verifier.step()
                await verifier.settle()
        indexes = rig.market.storages[PROVIDERS[0]].indexes
        kept = indexes.of_job(str(rig.job))
        indexes.remove(str(rig.job))
        await rig.play(roles[1:], lambda: _state(rig) is VerdictState.ANSWERING)
        for index in kept:
            indexes.put(index)
        restarted = rig.provider()
        await rig.play([restarted, *roles[1:]], rig.ended)
        assert (rig.view.job.state, outcome(rig)) == (JobState.SETTLED, Outcome.ACCEPTED)
        assert len(rig.actions(AnswerQuestion)) == 8

    on_rig(tmp_path, story)


def _ballots(rig: Rig) -> tuple[DrawnBallot, ...]:
    return rig.view.verdict.ballots if rig.view.verdict is not None else ()


def _state(rig: Rig) -> VerdictState | None:
    return rig.view.verdict.state if rig.view.verdict is not None else None


def test_a_buyer_that_serves_nothing_is_not_served(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        rig.market.storages["buyer"].store.remove(rig.view.job.manifest.hex())
        rig.buyer.keep.clear()
        await rig.play([rig.provider(), rig.buyer], rig.closed)
        assert ("provider", FetchWorkload(rig.job)) in rig.taken
        assert ("provider", Claim(rig.job)) not in rig.taken
        assert ("buyer", ExpireJob(rig.job)) in rig.taken

    on_rig(tmp_path, story)


def test_a_job_given_up_in_the_middle_is_judged_by_what_was_committed(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider = rig.provider()
        await rig.play([provider], lambda: rig.view.job.state is JobState.CLAIMED)
        part = range(2)
        outputs = commit_segment(provider._tools.executor, rig.graph, part, rig.inputs, [])
        index = provider._keep(rig.view.job, part, outputs)
        await rig.play([provider], lambda: rig.view.job.progress > 0)
        assert rig.view.job.progress == index.last == 2
        assert rig.view.job.lease is not None
        price = rig.view.job.lease.price
        others = [*rig.verifiers, rig.crank, rig.buyer]
        await rig.play(others, rig.ended)
        assert (rig.view.job.state, outcome(rig)) == (JobState.SETTLED, Outcome.ACCEPTED)
        assert len(rig.actions(AdoptPartial)) == 1
        assert rig.view.verdict is not None
        assert rig.view.verdict.state is VerdictState.SETTLED
        assert rig.view.escrow is not None
        owed = [each for each in rig.view.escrow.credits if each.party == provider.owner]
        share = sum(each.multiply_adds for each in rig.graph.descriptors[:2])
        gross = price * share // rig.graph.multiply_adds
        assert [each.amount for each in owed] == [gross - -(-gross * 500 // 10_000)]

    on_rig(tmp_path, story)


def test_a_successor_goes_on_from_a_fetched_checkpoint(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        first, second = rig.provider(), rig.provider(PROVIDERS[1])
        await rig.play([first], lambda: rig.view.job.state is JobState.CLAIMED)
        part = range(1)
        outputs = commit_segment(first._tools.executor, rig.graph, part, rig.inputs, [])
        first._keep(rig.view.job, part, outputs)
        await rig.play([first], lambda: rig.view.job.progress == 1)
        rig.taken.clear()
        await rig.play([second, *rig.verifiers, rig.crank, rig.buyer], rig.ended)
        assert outcome(rig) is Outcome.ACCEPTED
        (execution,) = rig.actions(Execute)
        assert execution[1] == Execute(rig.job, 1, 4)
        assert rig.view.verdict is not None
        stages = [each.provider for each in rig.view.verdict.stages]
        assert stages == [first.owner, second.owner]

    on_rig(tmp_path, story)
