from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from keeper.exact.decisions.actions import (
    AnswerQuestion,
    Claim,
    CloseVerdict,
    CommitStage,
    Execute,
    FetchWorkload,
    OpenVerdict,
    ReleaseExposure,
    ReportSilent,
    Withdraw,
)
from keeper.exact.decisions.codes import BallotState, JobState, Outcome, VerdictState
from keeper.exact.decisions.provider import (
    ComputedStage,
    ProviderSnapshot,
    Work,
    next_action,
    next_work,
    plan_stage,
)
from keeper.exact.decisions.state import JobSnapshot
from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.clock import Clock
from neurolov_client.bindings.verdict import MAX_STAGES
from tests.keeper.exact.decisions.test_selection import conditions
from tests.keeper.exact.decisions.views import (
    JOB,
    OTHER,
    PROVIDER,
    VERIFIER,
    availability,
    ballot,
    claimed,
    escrow,
    job,
    key,
    lease,
    stage,
    verdict,
    view,
)

OPERATOR = key(8)
WORK = Work(tuple(range(100, 1_001, 100)))
ROOT = bytes([1] * 32)


def snapshot(*jobs: JobSnapshot, work: Work | None = WORK, **fields: Any) -> ProviderSnapshot:
    base = ProviderSnapshot(
        owner=PROVIDER,
        signer=PROVIDER,
        jobs=jobs,
        conditions=conditions(),
        rate=1_000_000,
        work={} if work is None else {JOB: work},
    )
    return replace(base, **fields)


def decided(snapshot: ProviderSnapshot, clock: Clock) -> Decision:
    """What the role does: it starts work before it takes a step."""
    return next_work(snapshot, clock) or next_action(snapshot, clock)


def test_a_job_is_claimed_in_its_turn() -> None:
    assert decided(snapshot(view(job())), Clock(130)) == Claim(JOB)


def test_the_workload_of_an_offer_is_fetched_before_it_is_claimed() -> None:
    offer = snapshot(view(job()), work=None)
    assert next_work(offer, Clock(130)) == FetchWorkload(JOB)
    assert next_action(offer, Clock(130)) == Wait()
    fetching = replace(offer, running=frozenset({FetchWorkload(JOB)}))
    assert decided(fetching, Clock(130)) == Wait()


def test_a_barred_job_is_left() -> None:
    assert decided(snapshot(view(job(), None, None, PROVIDER)), Clock(130)) == Wait()


def test_a_provider_that_may_not_claim_claims_nothing() -> None:
    assert decided(snapshot(view(job()), conditions=None), Clock(130)) == Wait()


def test_a_provider_with_a_lease_takes_no_other_job() -> None:
    held = view(claimed(), verdict())
    other = view(job(address=key(30)))
    waiting = snapshot(held, other, work=None)
    assert next_action(waiting, Clock(130)) == Wait()
    assert next_work(waiting, Clock(130)) == FetchWorkload(JOB)
    busy = snapshot(held, other, running=frozenset({Execute(JOB, 0, 10)}))
    assert decided(busy, Clock(130)) == Wait()


def test_the_verdict_is_opened_before_anything_is_computed() -> None:
    assert decided(snapshot(view(claimed())), Clock(250)) == OpenVerdict(JOB)


def test_a_short_job_is_one_stage() -> None:
    assert decided(snapshot(view(claimed(), verdict())), Clock(250)) == Execute(JOB, 0, 10)


def test_a_long_job_is_cut_at_half_a_lease() -> None:
    slow = snapshot(view(claimed(), verdict()), rate=4)
    assert decided(slow, Clock(120)) == Execute(JOB, 0, 3)
    computed = replace(WORK, computed=(ComputedStage(0, 3, ROOT),))
    ready = snapshot(view(claimed(), verdict()), rate=4, work=computed)
    assert decided(ready, Clock(120)) == CommitStage(JOB, 0, 3, ROOT)
    progressed = view(claimed(progress=3), verdict(stages=(stage(first=0, last=3),)))
    assert decided(snapshot(progressed, rate=4), Clock(120)) == Execute(JOB, 3, 6)


def test_a_successor_goes_on_from_the_checkpoint() -> None:
    handed_over = view(claimed(progress=4), verdict(stages=(stage(OTHER, 0, 4),)))
    assert decided(snapshot(handed_over), Clock(120)) == Execute(JOB, 4, 10)


def test_a_successor_without_the_data_begins_again() -> None:
    handed_over = view(claimed(progress=4), verdict(stages=(stage(OTHER, 0, 4),)))
    restart = replace(WORK, restart=True)
    assert decided(snapshot(handed_over, work=restart), Clock(120)) == Execute(JOB, 0, 10)
    computed = replace(restart, computed=(ComputedStage(0, 6, ROOT),))
    ready = snapshot(handed_over, work=computed)
    assert decided(ready, Clock(120)) == CommitStage(JOB, 0, 6, ROOT)
    begun = view(claimed(progress=6), verdict(stages=(stage(PROVIDER, 0, 6),)))
    assert decided(snapshot(begun, work=computed), Clock(120)) == Execute(JOB, 6, 10)


def test_a_successor_begins_again_where_no_stage_is_left() -> None:
    used_up = tuple(stage(OTHER, first, first + 1) for first in range(MAX_STAGES))
    handed_over = view(claimed(progress=MAX_STAGES), verdict(stages=used_up))
    assert decided(snapshot(handed_over), Clock(120)) == Execute(JOB, 0, 10)
    one_left = view(claimed(progress=MAX_STAGES - 1), verdict(stages=used_up[:-1]))
    goes_on = Execute(JOB, MAX_STAGES - 1, 10)
    assert decided(snapshot(one_left), Clock(120)) == goes_on
    own = (*used_up[:-1], stage(PROVIDER, MAX_STAGES - 1, 10))
    done = snapshot(view(claimed(progress=10), verdict(stages=own)))
    assert decided(done, Clock(251)) == Wait()


def test_the_last_slot_of_a_lease_still_counts() -> None:
    held = snapshot(view(claimed(), verdict()))
    assert decided(held, Clock(250)) == Execute(JOB, 0, 10)
    assert decided(held, Clock(251)) == Wait()


def test_the_lease_that_ends_first_comes_first() -> None:
    later = view(claimed(address=key(31), lease=lease(expires=300)))
    sooner = view(claimed(address=key(32), lease=lease(expires=260)))
    assert next_action(snapshot(later, sooner), Clock(120)) == OpenVerdict(key(32))
    assert next_work(snapshot(later, sooner), Clock(120)) == FetchWorkload(key(32))


def test_somebody_elses_lease_is_left_alone() -> None:
    held = view(claimed(lease=lease(OTHER)), verdict())
    assert decided(snapshot(held), Clock(120)) == Wait()


@pytest.mark.parametrize(
    "state", [JobState.SETTLED, JobState.VOIDED, JobState.CANCELLED, JobState.EXPIRED]
)
def test_an_ended_job_is_collected_step_by_step(state: JobState) -> None:
    settled = verdict(VerdictState.SETTLED, ballots=(ballot(0, BallotState.REVEALED),))
    owed = escrow((VERIFIER, 5, False), (PROVIDER, 7, False))
    step = decided(snapshot(view(job(state), settled, owed, PROVIDER)), Clock(800))
    assert step == Withdraw(JOB, 1)
    paid = escrow((VERIFIER, 5, False), (PROVIDER, 7, True))
    step = decided(snapshot(view(job(state), settled, paid, PROVIDER)), Clock(800))
    assert step == ReleaseExposure(JOB, PROVIDER)
    step = decided(snapshot(view(job(state), settled, paid)), Clock(800))
    assert step == Wait()
    released = replace(settled, ballots=(ballot(0, BallotState.RELEASED),))
    step = decided(snapshot(view(job(state), released, paid)), Clock(800))
    assert step == CloseVerdict(JOB)


@pytest.mark.parametrize(
    ("payer", "began", "closes"),
    [
        (PROVIDER, OTHER, True),
        (OPERATOR, OTHER, True),
        # A key that has been replaced paid the rent.
        (OTHER, PROVIDER, True),
        (OTHER, OTHER, False),
    ],
)
def test_a_verdict_is_closed_by_whoever_paid_for_it_or_began_it(
    payer: Pubkey, began: Pubkey, closes: bool
) -> None:
    settled = verdict(VerdictState.SETTLED, payer=payer, stages=(stage(began),))
    found = snapshot(view(job(JobState.SETTLED), settled), signer=OPERATOR)
    assert decided(found, Clock(800)) == (CloseVerdict(JOB) if closes else Wait())


def test_silence_is_reported_before_the_verdict_is_closed() -> None:
    states = (BallotState.RELEASED, BallotState.DRAWN, BallotState.DECLINED, BallotState.REPORTED)
    drawn = tuple(ballot(index, state) for index, state in enumerate(states))
    settled = verdict(VerdictState.SETTLED, ballots=drawn)
    found = snapshot(view(job(JobState.SETTLED), settled))
    assert decided(found, Clock(800)) == ReportSilent(JOB, 1)
    reported = replace(settled, ballots=(drawn[0], ballot(1, BallotState.REPORTED), *drawn[2:]))
    ended = snapshot(view(job(JobState.SETTLED), reported))
    assert decided(ended, Clock(800)) == CloseVerdict(JOB)


@pytest.mark.parametrize("state", [JobState.CANCELLED, JobState.EXPIRED])
def test_a_verdict_of_a_job_that_ended_without_it_is_closed(state: JobState) -> None:
    unused = verdict(VerdictState.COMMITTING)
    assert decided(snapshot(view(job(state), unused)), Clock(800)) == CloseVerdict(JOB)
    judged = view(job(JobState.COMMITTED), unused)
    assert decided(snapshot(judged), Clock(800)) == Wait()


def test_exposure_stays_until_the_job_ends() -> None:
    accepted = verdict(VerdictState.DECIDED, outcome=Outcome.ACCEPTED)
    waiting = view(job(JobState.COMMITTED), accepted, escrow(), PROVIDER)
    assert decided(snapshot(waiting), Clock(800)) == Wait()


@given(
    st.lists(st.integers(1, 1_000), min_size=1, max_size=40),
    st.integers(1, 3_000),
)
def test_stages_cover_the_graph_within_the_verdicts_room(macs: list[int], budget: int) -> None:
    total, cumulative = 0, []
    for work in macs:
        total += work
        cumulative.append(total)
    first = 0
    stages: list[int] = []
    while first < len(macs):
        last = plan_stage(Work(tuple(cumulative)), first, MAX_STAGES - len(stages), budget)
        assert first < last <= len(macs)
        stages.append(last)
        first = last
    assert len(stages) <= MAX_STAGES
    for start, last in zip([0, *stages], stages[: MAX_STAGES - 1], strict=False):
        assert sum(macs[start:last]) <= budget or last == start + 1


QUESTIONS = ((2, 7), (9, 1), (2, 8))


def answering(answered: int = 0, **fields: Any) -> JobSnapshot:
    asked = {"availability": availability(answered)} | fields
    return view(job(JobState.COMMITTED), verdict(VerdictState.ANSWERING, **asked))


@pytest.mark.parametrize(("answered", "question"), [(0b000, 0), (0b001, 1), (0b011, 2)])
def test_the_first_open_question_is_answered(answered: int, question: int) -> None:
    found = snapshot(answering(answered), asked={JOB: QUESTIONS})
    expected = AnswerQuestion(JOB, question, *QUESTIONS[question])
    assert decided(found, Clock(650)) == expected


@pytest.mark.parametrize(
    ("asked", "questions", "slot"),
    [
        (answering(0b111), QUESTIONS, 650),
        (answering(), QUESTIONS, 651),
        (answering(), (), 650),
        (answering(stages=(stage(OTHER),)), QUESTIONS, 650),
        (answering(availability=None), QUESTIONS, 650),
    ],
)
def test_nothing_is_answered_twice_too_late_or_for_somebody_else(
    asked: JobSnapshot, questions: tuple[tuple[int, int], ...], slot: int
) -> None:
    found = snapshot(asked, asked={JOB: questions}, conditions=None)
    assert decided(found, Clock(slot)) == Wait()


def test_each_provider_answers_for_what_it_committed() -> None:
    shared = (stage(OTHER, 0, 5), stage(PROVIDER, 5, 10))
    found = snapshot(answering(stages=shared), asked={JOB: QUESTIONS})
    assert decided(found, Clock(600)) == AnswerQuestion(JOB, 1, 9, 1)
