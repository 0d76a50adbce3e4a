from dataclasses import replace
from typing import Any

import pytest

from keeper.exact.decisions.actions import (
    AdoptPartial,
    ApplyAuthority,
    ApplyTerms,
    CloseSeat,
    CollectFee,
    Draw,
    EmitRewards,
    EvictSeat,
    ExpireAnswers,
    ExpireJob,
    ExpireLease,
    ReleaseBallot,
    ReportSilent,
    RollMarket,
    Settle,
    SlashBallot,
    SlashProvider,
    SweepFees,
    TakeSnapshot,
    Tally,
    VoidAttempt,
    Withdraw,
)
from keeper.exact.decisions.codes import BallotState, JobState, Outcome, VerdictState
from keeper.exact.decisions.crank import (
    CrankSnapshot,
    Epochs,
    Queue,
    QueuedTerms,
    Seat,
    next_action,
    seat_chore,
)
from keeper.exact.decisions.state import Availability, JobSnapshot
from keeper.node.accounts import NOBODY
from keeper.node.decisions.actions import Action, Wait
from keeper.node.decisions.clock import Clock
from tests.keeper.exact.decisions.views import (
    CRANK,
    JOB,
    VERIFIER,
    ballot,
    claimed,
    escrow,
    job,
    key,
    verdict,
    view,
)

DONE = Epochs(slots=1_000_000, snapshot=0, market=0, emitted=0)
QUIET = Wait(1_000_000)


def snapshot(*jobs: JobSnapshot, **fields: Any) -> CrankSnapshot:
    return replace(CrankSnapshot(CRANK, jobs, DONE), **fields)


def judged(state: VerdictState, **fields: Any) -> JobSnapshot:
    return view(job(JobState.COMMITTED), verdict(state, **fields))


def revealed(*states: BallotState) -> dict[str, Any]:
    return {"ballots": tuple(ballot(index, state) for index, state in enumerate(states))}


DRAWN, CAST, REVEALED = BallotState.DRAWN, BallotState.CAST, BallotState.REVEALED
BALLOTING, DECIDED = VerdictState.BALLOTING, VerdictState.DECIDED
ASKED = Availability(seed=None, asked_slot=500, deadline=650, answered=0)
REDRAW = {"salt_known": True, "draws": 1}

BOUNDARIES: list[tuple[str, JobSnapshot, int, Action]] = [
    ("claim window over", view(job()), 401, ExpireJob(JOB)),
    ("lease over", view(claimed()), 251, ExpireLease(JOB)),
    ("draw without salt", judged(VerdictState.COMMITTED), 297, Draw(JOB, with_salt=False)),
    (
        "redraw with a known salt",
        judged(VerdictState.COMMITTED, **REDRAW),
        233,
        Draw(JOB, with_salt=False),
    ),
    ("nobody cast", judged(BALLOTING, **revealed(DRAWN, DRAWN)), 501, Tally(JOB)),
    ("one silent", judged(BALLOTING, **revealed(REVEALED, DRAWN)), 501, Tally(JOB)),
    ("one unrevealed", judged(BALLOTING, **revealed(REVEALED, CAST)), 651, Tally(JOB)),
    ("accepted", judged(DECIDED, outcome=Outcome.ACCEPTED), 701, Settle(JOB)),
    ("unverified", judged(DECIDED, outcome=Outcome.UNVERIFIED), 701, Settle(JOB)),
    ("unsampled", judged(DECIDED, outcome=Outcome.UNSAMPLED), 701, Settle(JOB)),
    ("unproven", judged(VerdictState.DISPUTED), 701, Settle(JOB)),
    ("unanswered", judged(VerdictState.ANSWERING, availability=ASKED), 651, ExpireAnswers(JOB)),
]


@pytest.mark.parametrize(
    ("found", "opens", "step"),
    [case[1:] for case in BOUNDARIES],
    ids=[case[0] for case in BOUNDARIES],
)
def test_a_step_opens_at_exactly_its_slot(found: JobSnapshot, opens: int, step: Action) -> None:
    assert next_action(snapshot(found), Clock(opens - 1)) == Wait(opens)
    assert next_action(snapshot(found), Clock(opens)) == step
    assert next_action(snapshot(found), Clock(opens + 10_000)) == step


@pytest.mark.parametrize(
    ("found", "step"),
    [
        (view(job(attempts=3)), ExpireJob(JOB)),
        (judged(VerdictState.COMMITTING), AdoptPartial(JOB)),
        (judged(BALLOTING, **revealed(REVEALED, REVEALED)), Tally(JOB)),
        (judged(DECIDED, outcome=Outcome.UNAVAILABLE), VoidAttempt(JOB)),
        (judged(DECIDED, outcome=Outcome.FRAUD, slashed=True), VoidAttempt(JOB)),
        (judged(DECIDED, outcome=Outcome.TRAP), VoidAttempt(JOB)),
        (judged(DECIDED, outcome=Outcome.WITHHELD, slashed=True), VoidAttempt(JOB)),
    ],
)
def test_a_step_that_needs_no_waiting(found: JobSnapshot, step: Action) -> None:
    assert next_action(snapshot(found), Clock(150)) == step


def test_an_earlier_draws_ballots_do_not_hold_up_the_tally() -> None:
    ballots = (ballot(0, CAST, draw=1), ballot(1, REVEALED, draw=2))
    redrawn = judged(BALLOTING, ballots=ballots, draws=2)
    assert next_action(snapshot(redrawn), Clock(300)) == Tally(JOB)


def test_a_silent_verifiers_ballot_is_released_after_settlement() -> None:
    ended = verdict(VerdictState.SETTLED, **revealed(REVEALED, CAST, DRAWN))
    found = view(job(JobState.SETTLED), ended)
    assert next_action(snapshot(found), Clock(900)) == ReleaseBallot(JOB, 1)


def test_a_provider_is_slashed_once_no_trap_can_be_opened() -> None:
    found = judged(DECIDED, outcome=Outcome.FRAUD, window_end=100)
    assert next_action(snapshot(found), Clock(120)) == Wait(121)
    assert next_action(snapshot(found), Clock(121)) == SlashProvider(JOB)


@pytest.mark.parametrize("outcome", [Outcome.FRAUD, Outcome.TRAP])
def test_a_ballot_that_accepted_what_was_proven_wrong_is_slashed_once(outcome: Outcome) -> None:
    def ended(*, slashed: bool) -> JobSnapshot:
        accepted = ballot(0, REVEALED, accepted=True, slashed=slashed)
        found = verdict(
            VerdictState.SETTLED, outcome=outcome, ballots=(accepted, ballot(1, REVEALED))
        )
        return view(job(JobState.VOIDED), found)

    assert next_action(snapshot(ended(slashed=False)), Clock(900)) == SlashBallot(JOB, 0)
    assert next_action(snapshot(ended(slashed=True)), Clock(900)) == QUIET


def test_own_tips_and_the_fee_are_collected() -> None:
    owed = escrow((VERIFIER, 5, False), (CRANK, 2, False), fee_due=9)
    assert next_action(snapshot(view(job(JobState.SETTLED), None, owed)), Clock(900)) == Withdraw(
        JOB, 1
    )
    paid = escrow((VERIFIER, 5, False), (CRANK, 2, True), fee_due=9)
    assert next_action(snapshot(view(job(JobState.SETTLED), None, paid)), Clock(900)) == CollectFee(
        JOB
    )
    done = escrow((VERIFIER, 5, False), (CRANK, 2, True))
    assert next_action(snapshot(view(job(JobState.SETTLED), None, done)), Clock(900)) == QUIET


def test_the_earliest_opening_is_waited_for() -> None:
    later, sooner = view(job()), view(claimed(address=key(20)))
    assert next_action(snapshot(later, sooner), Clock(200)) == Wait(251)


@pytest.mark.parametrize(
    ("epochs", "step"),
    [
        (Epochs(100, None, None, None), TakeSnapshot(7)),
        (Epochs(100, 6, 7, 7), TakeSnapshot(7)),
        (Epochs(100, 7, 6, 7), RollMarket(7)),
        (Epochs(100, 7, 7, 6), EmitRewards(7)),
        (Epochs(100, 7, 7, 7, (3, 5)), SweepFees(3)),
        (Epochs(100, 7, 7, 7), Wait(800)),
    ],
)
def test_the_chores_of_an_epoch(epochs: Epochs, step: Action) -> None:
    assert next_action(snapshot(epochs=epochs), Clock(700)) == step
    assert next_action(snapshot(epochs=epochs), Clock(799)) == step


def test_jobs_come_before_chores() -> None:
    busy = snapshot(view(claimed()), epochs=Epochs(100, None, None, None))
    assert next_action(busy, Clock(251)) == ExpireLease(JOB)
    assert next_action(busy, Clock(250)) == TakeSnapshot(2)


def test_silence_is_reported_once_nothing_else_is_to_be_done() -> None:
    waiting = judged(VerdictState.COMMITTED, ballots=(ballot(0, DRAWN),), draws=1)
    assert next_action(snapshot(waiting), Clock(500)) == Draw(JOB, with_salt=False)
    decided = judged(DECIDED, outcome=Outcome.ACCEPTED, **revealed(DRAWN, REVEALED))
    assert next_action(snapshot(decided), Clock(500)) == Wait(701)
    assert next_action(snapshot(decided), Clock(501)) == ReportSilent(JOB, 0)
    assert next_action(snapshot(decided), Clock(701)) == Settle(JOB)


def test_silence_in_an_earlier_draw_is_reported_at_once() -> None:
    ballots = (ballot(0, DRAWN, draw=1), ballot(1, DRAWN, draw=2))
    redrawn = judged(BALLOTING, ballots=ballots, draws=2)
    assert next_action(snapshot(redrawn), Clock(300)) == ReportSilent(JOB, 0)


@pytest.mark.parametrize("state", [CAST, REVEALED, BallotState.DECLINED, BallotState.REPORTED])
def test_whoever_answered_is_not_reported(state: BallotState) -> None:
    answered = judged(DECIDED, outcome=Outcome.ACCEPTED, **revealed(state))
    assert next_action(snapshot(answered), Clock(600)) == Wait(701)


def test_a_proof_that_ended_casting_excuses_whoever_had_not_cast() -> None:
    proven = {"outcome": Outcome.TRAP, "ballots": (ballot(0, DRAWN),)}
    ended = view(job(JobState.VOIDED), verdict(VerdictState.SETTLED, window_end=500, **proven))
    assert next_action(snapshot(ended), Clock(900)) == QUIET
    late = view(job(JobState.VOIDED), verdict(VerdictState.SETTLED, window_end=501, **proven))
    assert next_action(snapshot(late), Clock(900)) == ReportSilent(JOB, 0)


TERMS = QueuedTerms(version=4, applies_slot=600, lapses_slot=900)


def test_queued_terms_are_applied_while_they_can_be() -> None:
    queued = snapshot(queue=Queue(TERMS))
    assert next_action(queued, Clock(599)) == Wait(600)
    assert next_action(queued, Clock(600)) == ApplyTerms(4)
    assert next_action(queued, Clock(900)) == ApplyTerms(4)
    assert next_action(queued, Clock(901)) == QUIET


def test_a_handover_of_the_authority_is_completed() -> None:
    queued = snapshot(queue=Queue(authority_slot=700))
    assert next_action(queued, Clock(699)) == Wait(700)
    assert next_action(queued, Clock(700)) == ApplyAuthority(700)
    both = snapshot(queue=Queue(TERMS, authority_slot=500))
    assert next_action(both, Clock(500)) == ApplyAuthority(500)


def test_jobs_come_before_what_is_queued_and_that_before_seats() -> None:
    evicting = (EvictSeat(3, VERIFIER),)
    busy = snapshot(view(claimed()), queue=Queue(TERMS), seats=evicting)
    assert next_action(busy, Clock(600)) == ExpireLease(JOB)
    idle = snapshot(queue=Queue(TERMS), seats=evicting)
    assert next_action(idle, Clock(600)) == ApplyTerms(4)
    assert next_action(idle, Clock(599)) == EvictSeat(3, VERIFIER)


HEIR = key(40)


def seat(**fields: Any) -> Seat:
    return replace(Seat(3, VERIFIER, NOBODY, None, collateral=50, balloted=0), **fields)


@pytest.mark.parametrize(
    ("found", "chore"),
    [
        (seat(), None),
        (seat(collateral=49), EvictSeat(3, VERIFIER)),
        (seat(vacated_epoch=6), None),
        (seat(vacated_epoch=5), CloseSeat(3, VERIFIER, NOBODY)),
        (seat(vacated_epoch=5, heir=HEIR), CloseSeat(3, VERIFIER, HEIR)),
        (seat(vacated_epoch=5, balloted=1), None),
        (seat(vacated_epoch=6, collateral=0), None),
    ],
)
def test_seats_are_evicted_and_closed_when_they_may_be(
    found: Seat, chore: EvictSeat | CloseSeat | None
) -> None:
    assert seat_chore(found, epoch=7, minimum=100) == chore


def test_half_of_an_odd_minimum_is_rounded_up() -> None:
    assert seat_chore(seat(collateral=50), 7, minimum=101) == EvictSeat(3, VERIFIER)
    assert seat_chore(seat(collateral=51), 7, minimum=101) is None
