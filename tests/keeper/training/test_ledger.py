from dataclasses import replace

import pytest

from keeper.exact.decisions.codes import JobState, Outcome, VerdictState
from keeper.exact.decisions.state import JobSnapshot
from keeper.node.decisions.escrow import Credit, Escrow
from keeper.training.ledger import Ledger, Purpose
from tests.keeper.exact.decisions import views

MONEY = Escrow(
    final=True,
    credits=(Credit(views.PROVIDER, 70, True), Credit(views.VERIFIER, 20, False)),
    fee_due=5,
    balance=25,
)


def ended(number: int, state: JobState, outcome: Outcome) -> JobSnapshot:
    judged = views.verdict(VerdictState.SETTLED, outcome=outcome, stages=(views.stage(),))
    job = views.job(state, address=views.key(number))
    return JobSnapshot(job=job, verdict=judged, escrow=MONEY, parameters=views.PARAMETERS)


def ledger(*steps: int) -> Ledger:
    found = Ledger(set())
    for number, step in enumerate(steps, 100):
        found.add(views.key(number), Purpose(step, f"step {step}"))
    return found


def test_a_settled_job_is_noted_once_and_may_be_closed() -> None:
    found = ledger(0, 0)
    jobs = {views.key(100): ended(100, JobState.SETTLED, Outcome.ACCEPTED)}
    assert found.note(jobs) is None
    assert found.note(jobs) is None
    assert found.keep == {views.key(101)}
    assert found.paid == {views.PROVIDER: 70, views.VERIFIER: 20}
    assert found.outcomes == {"accepted": 1}
    assert found.endings[0].fee == 5


def test_the_earliest_fallen_step_is_told_with_its_provider() -> None:
    found = ledger(2, 1, 0)
    jobs = {
        views.key(100): ended(100, JobState.VOIDED, Outcome.FRAUD),
        views.key(101): ended(101, JobState.VOIDED, Outcome.WITHHELD),
        views.key(102): ended(102, JobState.SETTLED, Outcome.UNSAMPLED),
    }
    fallen = found.note(jobs)
    assert fallen is not None
    assert str(fallen) == f"step 1: voided, withheld, provider {views.PROVIDER}"
    assert found.keep == set()


@pytest.mark.parametrize("outcome", [Outcome.UNPROVEN, Outcome.UNVERIFIED])
def test_a_result_that_is_paid_without_a_majority_for_it_does_not_stand(outcome: Outcome) -> None:
    fallen = ledger(0).note({views.key(100): ended(100, JobState.SETTLED, outcome)})
    assert fallen is not None
    assert fallen.blamed is None


def test_a_job_that_nobody_took_does_not_stand() -> None:
    expired = ended(100, JobState.EXPIRED, Outcome.NONE)
    fallen = ledger(3).note({views.key(100): replace(expired, verdict=None, escrow=None)})
    assert fallen is not None
    assert (fallen.purpose.step, fallen.outcome) == (3, Outcome.NONE)


def test_what_is_made_again_may_fall_without_effect() -> None:
    found = ledger(1, 2, 3)
    found.supersede(2)
    found.add(views.key(200), Purpose(2, "step 2"))
    jobs = {
        views.key(102): ended(102, JobState.VOIDED, Outcome.FRAUD),
        views.key(101): ended(101, JobState.VOIDED, Outcome.FRAUD),
    }
    assert found.note(jobs) is None
    again = found.note({views.key(200): ended(200, JobState.VOIDED, Outcome.FRAUD)})
    assert again is not None
    assert again.job == views.key(200)
    earlier = found.note({views.key(100): ended(100, JobState.VOIDED, Outcome.FRAUD)})
    assert earlier is not None
    assert earlier.purpose.step == 1
