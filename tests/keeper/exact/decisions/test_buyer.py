from dataclasses import replace
from typing import Any

import pytest

from keeper.exact.decisions.actions import (
    Cancel,
    DemandAnswers,
    Draw,
    ExpireJob,
    ReclaimEscrow,
    ReclaimJob,
    Withdraw,
)
from keeper.exact.decisions.buyer import BuyerSnapshot, next_action
from keeper.exact.decisions.codes import BallotState, JobState, Outcome, VerdictState
from keeper.exact.decisions.state import Availability, DrawnBallot, JobSnapshot
from keeper.node.decisions.actions import Wait
from keeper.node.decisions.clock import Clock
from tests.keeper.exact.decisions.views import (
    BUYER,
    JOB,
    PROVIDER,
    claimed,
    escrow,
    job,
    verdict,
    view,
)


def decide(found: JobSnapshot, slot: int, **wishes: bool) -> Any:
    return next_action(BuyerSnapshot(found, **({"holds_salt": True} | wishes)), Clock(slot))


def test_nobody_claims() -> None:
    assert decide(view(job()), 400) == Wait(401)
    assert decide(view(job()), 401) == ExpireJob(JOB)


def test_a_posted_job_is_cancelled_on_wish() -> None:
    assert decide(view(job()), 300, cancelling=True) == Cancel(JOB)
    assert decide(view(job()), 500, cancelling=True) == Cancel(JOB)
    assert decide(view(claimed()), 300, cancelling=True) == Wait()


def test_a_job_with_progress_cannot_be_cancelled() -> None:
    assert decide(view(job(progress=3)), 300, cancelling=True) == Wait(401)


def test_the_salted_draw_opens_a_slot_after_the_delay() -> None:
    committed = view(job(JobState.COMMITTED), verdict(VerdictState.COMMITTED))
    assert decide(committed, 232) == Wait(233)
    assert decide(committed, 233) == Draw(JOB, with_salt=True)
    assert decide(committed, 233, holds_salt=False) == Wait()
    known = view(job(JobState.COMMITTED), verdict(VerdictState.COMMITTED, salt_known=True))
    assert decide(known, 233) == Wait()


@pytest.mark.parametrize(
    "state",
    [VerdictState.COMMITTING, VerdictState.BALLOTING, VerdictState.DECIDED, VerdictState.SETTLED],
)
def test_there_is_nothing_to_draw_otherwise(state: VerdictState) -> None:
    assert decide(view(job(JobState.COMMITTED), verdict(state)), 1_000) == Wait()


MISSED = DrawnBallot(0, 4, 1, BallotState.REVEALED, PROVIDER, missed=True)


@pytest.mark.parametrize("state", [VerdictState.DECIDED, VerdictState.DISPUTED])
def test_data_that_one_verifier_or_the_buyer_misses_is_asked_for(state: VerdictState) -> None:
    waiting = verdict(state, outcome=Outcome.ACCEPTED, window_end=300)
    missed = replace(waiting, ballots=(MISSED,))
    for found, wishes in ((missed, {}), (waiting, {"missing": True})):
        committed = view(job(JobState.COMMITTED), found)
        assert decide(committed, 300, **wishes) == DemandAnswers(JOB)
        assert decide(committed, 301, **wishes) == Wait()
    assert decide(view(job(JobState.COMMITTED), waiting), 300) == Wait()


def test_data_is_asked_for_once_and_where_it_is_paid_for() -> None:
    waiting = verdict(VerdictState.DECIDED, outcome=Outcome.ACCEPTED, window_end=300)
    asked = replace(waiting, ballots=(MISSED,), availability=Availability(None, 200, 250, 255))
    unpaid = replace(waiting, ballots=(MISSED,), outcome=Outcome.UNAVAILABLE)
    for found in (asked, unpaid):
        assert decide(view(job(JobState.COMMITTED), found), 280) == Wait()


ENDED = [JobState.SETTLED, JobState.CANCELLED, JobState.EXPIRED, JobState.VOIDED]


@pytest.mark.parametrize("state", ENDED)
def test_what_nobody_is_owed_comes_back(state: JobState) -> None:
    owed = escrow((PROVIDER, 7, False), balance=10)
    assert decide(view(job(state), verdict(VerdictState.SETTLED), owed), 900) == ReclaimEscrow(JOB)
    rest = escrow((PROVIDER, 7, False))
    assert decide(view(job(state), verdict(VerdictState.SETTLED), rest), 900) == Wait()
    fee = escrow((PROVIDER, 7, True), fee_due=2, balance=2)
    assert decide(view(job(state), verdict(VerdictState.SETTLED), fee), 900) == Wait()
    tipped = escrow((PROVIDER, 7, False), (BUYER, 1, False))
    assert decide(view(job(state), verdict(VerdictState.SETTLED), tipped), 900) == Withdraw(JOB, 1)
    paid = escrow((PROVIDER, 7, True), (BUYER, 1, True))
    assert decide(view(job(state), verdict(VerdictState.SETTLED), paid), 900) == ReclaimEscrow(JOB)


@pytest.mark.parametrize("state", ENDED)
def test_the_job_closes_last(state: JobState) -> None:
    assert decide(view(job(state), verdict(VerdictState.SETTLED)), 900) == Wait()
    assert decide(view(job(state)), 900) == ReclaimJob(JOB)


def test_an_escrow_that_is_not_final_is_left() -> None:
    open_still = escrow(balance=10)
    assert decide(view(job(JobState.CANCELLED), None, open_still), 900) == Wait()
