from dataclasses import replace
from typing import Any

import pytest

from keeper.exact.decisions.actions import (
    CastBallot,
    Check,
    DeclineBallot,
    ProveFraud,
    ReleaseBallot,
    RevealBallot,
    Withdraw,
)
from keeper.exact.decisions.codes import BallotState, JobState, Outcome, VerdictState
from keeper.exact.decisions.state import JobSnapshot, Verdict
from keeper.exact.decisions.verifier import (
    CONCURRENT_CHECKS,
    BallotKey,
    HeldSeat,
    VerifierSnapshot,
    next_action,
    next_work,
)
from keeper.node.decisions.actions import Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.stake import Stake
from tests.keeper.exact.decisions.views import (
    JOB,
    OTHER,
    PARAMETERS,
    VERIFIER,
    ballot,
    escrow,
    job,
    key,
    stage,
    verdict,
    view,
)

JUDGE = PARAMETERS.verdict
AT_RISK = JUDGE.ballot_exposure + JUDGE.silence_fee
STAKE = Stake(amount=AT_RISK, lease_room=0, operator_room=AT_RISK, ring=(), ballot_room=AT_RISK)
SEAT = HeldSeat(index=2, taken_epoch=3)
"""Taken in the epoch of the snapshot that the first draw of the views used."""


def snapshot(*jobs: JobSnapshot, **fields: Any) -> VerifierSnapshot:
    return replace(VerifierSnapshot(VERIFIER, SEAT, jobs, STAKE), **fields)


def decided(snapshot: VerifierSnapshot, clock: Clock) -> Decision:
    """What the role does: it starts a check before it takes a step."""
    return next_work(snapshot, clock) or next_action(snapshot, clock)


def balloting(**fields: Any) -> JobSnapshot:
    drawn = (ballot(0), ballot(1), ballot(2))
    judged = verdict(VerdictState.BALLOTING, **({"ballots": drawn} | fields))
    return view(job(JobState.COMMITTED), judged)


CAST = (ballot(0, BallotState.CAST, verifier=OTHER), ballot(2, BallotState.CAST))
KEPT = frozenset({(JOB, 2)})


def test_a_drawn_verifier_checks_then_casts() -> None:
    assert decided(snapshot(balloting()), Clock(500)) == Check(JOB, 2)
    assert decided(snapshot(balloting(), ready=KEPT), Clock(500)) == CastBallot(JOB, 2)


def test_nothing_is_cast_after_the_deadline() -> None:
    assert decided(snapshot(balloting(), ready=KEPT), Clock(501)) == Wait()


@pytest.mark.parametrize(
    "changes",
    [
        {"seat": None},
        {"seat": replace(SEAT, index=7)},
        {"seat": replace(SEAT, taken_epoch=4)},
        {"seat": replace(SEAT, vacated_epoch=2)},
        {"stake": replace(STAKE, operator_room=AT_RISK - 1), "by_operator": True},
    ],
)
def test_who_cannot_cast_does_not_check(changes: dict[str, Any]) -> None:
    assert decided(snapshot(balloting(), **changes), Clock(300)) == Wait()


def test_a_vacated_seat_casts_what_its_last_snapshots_show() -> None:
    left = snapshot(balloting(), seat=replace(SEAT, vacated_epoch=3), ready=KEPT)
    assert decided(left, Clock(500)) == CastBallot(JOB, 2)


@pytest.mark.parametrize("ready", [KEPT, frozenset()])
def test_a_verifier_without_room_declines_at_once(ready: frozenset[BallotKey]) -> None:
    full = snapshot(balloting(), stake=replace(STAKE, ballot_room=AT_RISK - 1), ready=ready)
    assert next_work(full, Clock(300)) is None
    assert decided(full, Clock(300)) == DeclineBallot(JOB, 2)
    assert decided(full, Clock(500)) == DeclineBallot(JOB, 2)
    assert decided(full, Clock(501)) == Wait()


def test_an_operator_without_budget_does_not_decline_while_there_is_room() -> None:
    """The chain would refuse it: the collateral has room, so the owner's own key could vote."""
    spent = snapshot(balloting(), stake=replace(STAKE, operator_room=0), by_operator=True)
    assert decided(spent, Clock(300)) == Wait()
    full = replace(spent, stake=replace(spent.stake, ballot_room=0))
    assert decided(full, Clock(300)) == DeclineBallot(JOB, 2)


def test_each_ballot_needs_the_room_of_its_jobs_terms() -> None:
    dearer = replace(PARAMETERS, verdict=replace(JUDGE, silence_fee=JUDGE.silence_fee + 1))
    later = replace(balloting(), parameters=dearer)
    assert decided(snapshot(balloting(), ready=KEPT), Clock(300)) == CastBallot(JOB, 2)
    assert decided(snapshot(later, ready=KEPT), Clock(300)) == DeclineBallot(JOB, 2)


def test_a_party_to_the_job_stays_out() -> None:
    own = balloting(stages=(stage(VERIFIER),))
    assert decided(snapshot(own), Clock(300)) == Wait()
    bought = replace(balloting(), job=job(JobState.COMMITTED, buyer=VERIFIER))
    assert decided(snapshot(bought), Clock(300)) == Wait()


def test_only_the_latest_draw_is_open() -> None:
    earlier = balloting(draws=2)
    assert decided(snapshot(earlier), Clock(300)) == Wait()


def test_a_ballot_is_revealed_only_between_the_deadlines() -> None:
    cast = snapshot(balloting(ballots=CAST), ready=KEPT)
    assert decided(cast, Clock(500)) == Wait(501)
    assert decided(cast, Clock(501)) == RevealBallot(JOB, 2)
    assert decided(cast, Clock(650)) == RevealBallot(JOB, 2)
    assert decided(cast, Clock(651)) == Wait()


def test_a_lost_ballot_is_not_revealed() -> None:
    assert decided(snapshot(balloting(ballots=CAST)), Clock(501)) == Wait()


def test_the_step_with_the_earliest_deadline_comes_first_whatever_it_is() -> None:
    revealing = balloting(ballots=CAST, ballot_deadline=100, reveal_deadline=400)
    casting = replace(balloting(), job=job(JobState.COMMITTED, address=key(20)))
    checking = replace(balloting(), job=job(JobState.COMMITTED, address=key(21)))
    ready = KEPT | {(key(20), 2)}
    everything = snapshot(checking, casting, revealing, ready=ready)
    assert next_action(everything, Clock(300)) == RevealBallot(JOB, 2)
    assert next_action(everything, Clock(401)) == CastBallot(key(20), 2)
    later = snapshot(replace(revealing, verdict=verdict_of(revealing, 600)), casting, ready=ready)
    assert next_action(later, Clock(300)) == CastBallot(key(20), 2)


def verdict_of(found: JobSnapshot, reveal_deadline: int) -> Verdict:
    assert found.verdict is not None
    return replace(found.verdict, reveal_deadline=reveal_deadline)


def test_a_check_starts_beside_what_is_owed_and_beside_a_few_others() -> None:
    revealing = balloting(ballots=CAST, ballot_deadline=100)
    checking = replace(balloting(), job=job(JobState.COMMITTED, address=key(21)))
    both = snapshot(revealing, checking, ready=KEPT)
    assert decided(both, Clock(300)) == Check(key(21), 2)
    under_way = replace(both, running=frozenset({Check(key(21), 2)}))
    assert decided(under_way, Clock(300)) == RevealBallot(JOB, 2)
    drawn = [
        replace(balloting(), job=job(JobState.COMMITTED, address=key(21 + number)))
        for number in range(CONCURRENT_CHECKS + 1)
    ]
    checks = [Check(each.address, 2) for each in drawn]
    for number, check in enumerate(checks[:-1]):
        few = snapshot(*drawn, running=frozenset(checks[:number]))
        assert decided(few, Clock(300)) == check
    enough = snapshot(*drawn, running=frozenset(checks[:-1]))
    assert decided(enough, Clock(300)) == Wait()


def test_the_ballot_that_closes_first_comes_first() -> None:
    later = balloting()
    sooner = replace(balloting(ballot_deadline=400), job=job(JobState.COMMITTED, address=key(20)))
    assert decided(snapshot(later, sooner), Clock(300)) == Check(key(20), 2)


def test_a_settled_ballot_is_released_then_paid() -> None:
    ended = verdict(VerdictState.SETTLED, ballots=(ballot(2, BallotState.REVEALED),))
    owed = escrow((OTHER, 3, False), (VERIFIER, 5, False))
    assert decided(snapshot(view(job(JobState.SETTLED), ended, owed)), Clock(900)) == ReleaseBallot(
        JOB, 2
    )
    released = replace(ended, ballots=(ballot(2, BallotState.RELEASED),))
    assert decided(snapshot(view(job(JobState.SETTLED), released, owed)), Clock(900)) == Withdraw(
        JOB, 1
    )
    paid = escrow((OTHER, 3, False), (VERIFIER, 5, True))
    assert decided(snapshot(view(job(JobState.SETTLED), released, paid)), Clock(900)) == Wait()


def test_somebody_elses_ballot_is_left_alone() -> None:
    theirs = (ballot(2, BallotState.REVEALED, verifier=OTHER),)
    ended = verdict(VerdictState.SETTLED, ballots=theirs)
    assert decided(snapshot(view(job(JobState.SETTLED), ended)), Clock(900)) == Wait()


REJECTED = ballot(2, BallotState.REVEALED, rejected=(4, 70))


def judged(state: VerdictState, **fields: Any) -> JobSnapshot:
    return view(job(JobState.COMMITTED), verdict(state, **({"ballots": (REJECTED,)} | fields)))


@pytest.mark.parametrize(
    ("state", "fields"),
    [
        (VerdictState.DISPUTED, {}),
        (VerdictState.DECIDED, {"outcome": Outcome.ACCEPTED}),
        (VerdictState.DECIDED, {"outcome": Outcome.UNVERIFIED}),
        (VerdictState.COMMITTED, {}),
        (VerdictState.ANSWERING, {}),
    ],
)
def test_who_rejected_proves_whatever_the_others_found(
    state: VerdictState, fields: dict[str, Any]
) -> None:
    assert decided(snapshot(judged(state, **fields)), Clock(700)) == ProveFraud(JOB, 4, 70)


@pytest.mark.parametrize(
    ("found", "slot"),
    [
        (judged(VerdictState.DISPUTED), 701),
        (judged(VerdictState.DECIDED, outcome=Outcome.ACCEPTED), 701),
        (judged(VerdictState.DECIDED, outcome=Outcome.FRAUD), 700),
        (judged(VerdictState.DECIDED, outcome=Outcome.WITHHELD), 700),
        (judged(VerdictState.DISPUTED, ballots=(ballot(2, BallotState.REVEALED),)), 700),
        (
            judged(
                VerdictState.DISPUTED,
                ballots=(ballot(2, BallotState.REVEALED, verifier=OTHER, rejected=(4, 70)),),
            ),
            700,
        ),
    ],
)
def test_nothing_is_proven_too_late_or_for_somebody_else(found: JobSnapshot, slot: int) -> None:
    assert decided(snapshot(found), Clock(slot)) == Wait()


def test_a_proof_waits_until_the_others_have_revealed() -> None:
    others = (ballot(0, BallotState.CAST, verifier=OTHER), REJECTED)
    found = judged(VerdictState.BALLOTING, ballots=others)
    assert decided(snapshot(found), Clock(600)) == Wait()
