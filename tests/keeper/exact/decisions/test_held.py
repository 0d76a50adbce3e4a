"""What a provider and a verifier see to its end before they leave."""

from dataclasses import replace
from typing import Any

import pytest

from keeper.exact.decisions.codes import BallotState, JobState, Outcome, VerdictState
from keeper.exact.decisions.held import held_by_provider, held_by_verifier
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.decisions.verifier import VerifierSnapshot
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.held import Held
from tests.keeper.exact.decisions.test_verifier import snapshot
from tests.keeper.exact.decisions.views import (
    EXPOSURE,
    JOB,
    OTHER,
    PARAMETERS,
    PROVIDER,
    VERIFIER,
    availability,
    ballot,
    claimed,
    job,
    lease,
    stage,
    verdict,
    view,
)

FEE = PARAMETERS.verdict.silence_fee


def of_provider(found: JobSnapshot, slot: int = 200) -> tuple[Held, ...]:
    return held_by_provider(PROVIDER, (found,), Clock(slot))


def test_a_lease_is_held_until_it_expires() -> None:
    found = view(claimed(), verdict(), None, PROVIDER)
    (held,) = of_provider(found)
    assert (held.subject, held.until, held.loss) == (JOB, 250, EXPOSURE.bond)
    assert held.left == "run it and commit the result"
    assert of_provider(found, 251) == ()
    assert of_provider(view(claimed(lease=lease(OTHER)), verdict(), None, OTHER)) == ()


@pytest.mark.parametrize(
    ("state", "fields", "until"),
    [
        (VerdictState.COMMITTED, {}, None),
        (VerdictState.BALLOTING, {}, 650),
        (VerdictState.ANSWERING, {"availability": availability()}, 650),
        (VerdictState.DISPUTED, {}, 700),
        (VerdictState.DECIDED, {"outcome": Outcome.ACCEPTED}, 700),
        (VerdictState.SETTLED, {}, None),
    ],
)
def test_what_was_committed_is_held_until_the_job_has_ended(
    state: VerdictState, fields: dict[str, Any], until: int | None
) -> None:
    (held,) = of_provider(view(job(JobState.COMMITTED), verdict(state, **fields), None, PROVIDER))
    assert (held.until, held.loss) == (until, EXPOSURE.total)
    others = verdict(state, **fields, stages=(stage(OTHER),))
    assert of_provider(view(job(JobState.COMMITTED), others, None, OTHER)) == ()


def test_exposed_stake_is_waited_for_and_an_ended_job_is_not() -> None:
    settled = verdict(VerdictState.SETTLED)
    (held,) = of_provider(view(job(JobState.SETTLED), settled, None, PROVIDER))
    assert (held.left, held.until, held.loss) == ("take back the stake that it exposed", None, 0)
    assert of_provider(view(job(JobState.SETTLED), settled)) == ()
    assert of_provider(view(job())) == ()


def judged(state: VerdictState, found: BallotState, **fields: Any) -> JobSnapshot:
    ballots = (ballot(0, found, **fields), ballot(1), ballot(2))
    return view(job(JobState.COMMITTED), verdict(state, ballots=ballots))


def of_verifier(found: JobSnapshot, slot: int, **fields: Any) -> tuple[Held, ...]:
    return held_by_verifier(verifier(found, **fields), Clock(slot))


def verifier(found: JobSnapshot, **fields: Any) -> VerifierSnapshot:
    taken = snapshot(found, **fields)
    assert taken.seat is not None
    return replace(taken, seat=replace(taken.seat, index=0))


def test_a_drawn_ballot_is_held_while_it_can_be_cast() -> None:
    found = judged(VerdictState.BALLOTING, BallotState.DRAWN)
    (held,) = of_verifier(found, 500)
    assert (held.left, held.until, held.loss) == ("check it and cast ballot 0", 500, FEE)
    assert of_verifier(found, 501) == ()


def test_a_cast_ballot_is_held_until_it_is_revealed() -> None:
    found = judged(VerdictState.BALLOTING, BallotState.CAST)
    ready = frozenset({(JOB, 0)})
    (held,) = of_verifier(found, 400, ready=ready)
    assert (held.left, held.until, held.loss) == ("reveal ballot 0", 650, FEE)
    assert of_verifier(found, 650, ready=ready) != ()
    assert of_verifier(found, 651, ready=ready) == ()
    # What it cast from another folder it cannot reveal from this one.
    assert of_verifier(found, 400) == ()


def test_an_acceptance_waits_for_nothing_and_a_rejection_for_its_proof() -> None:
    accepted = judged(VerdictState.DECIDED, BallotState.REVEALED, accepted=True)
    assert of_verifier(accepted, 600) == ()
    rejected = judged(VerdictState.DISPUTED, BallotState.REVEALED, rejected=(3, 7))
    (held,) = of_verifier(rejected, 600)
    assert (held.left, held.until) == ("prove its fraud", 700)
    assert of_verifier(rejected, 701) == ()
    others = judged(VerdictState.DISPUTED, BallotState.REVEALED, rejected=(3, 7), verifier=OTHER)
    assert of_verifier(others, 600) == ()
    assert VERIFIER != OTHER
