import pytest

from keeper.lab.market.judgement import ballot_salt
from neurolov_client import verdict
from neurolov_client.bindings.verdict import BallotState, Choice
from tests.programs.verdict.judging import (
    ACCEPTS,
    MISSES,
    OPERATORS,
    REJECTS,
    Judging,
    Vote,
)


def cast_all(judging: Judging, vote: Vote = ACCEPTS) -> Judging:
    """All verifiers of the first draw vote alike; revealing opens in the next slot."""
    judging.balloting()
    for ballot, _ in judging.ballots():
        judging.world.send(judging.cast(ballot, vote), signers=[judging.member(ballot)])
    return judging


@pytest.mark.parametrize("vote", [ACCEPTS, REJECTS, MISSES])
def test_a_ballot_is_revealed_as_it_was_cast(judging: Judging, vote: Vote) -> None:
    world = cast_all(judging, vote).world
    world.warp(1)
    sent = world.send(judging.reveal(0, vote))
    ballot = judging.account.ballots[0]
    assert (ballot.state, ballot.choice) == (BallotState.REVEALED, vote[0])
    assert (ballot.operator, ballot.element) == vote[1:]
    event = sent.only(verdict.BallotRevealed)
    assert isinstance(event, verdict.BallotRevealed)
    assert (event.verifier, event.choice) == (judging.member(0).key, vote[0])


@pytest.mark.parametrize("told", [REJECTS, MISSES])
def test_another_vote_than_the_one_cast_is_refused(judging: Judging, told: Vote) -> None:
    world = cast_all(judging).world
    world.warp(1)
    world.fails("WrongBallot", judging.reveal(0, told))


def test_a_wrong_salt_is_refused(judging: Judging) -> None:
    world = cast_all(judging).world
    world.warp(1)
    attempt = judging.reveal(0, salt=b"\1" * 32)
    world.fails("WrongBallot", attempt)


@pytest.mark.parametrize(
    "vote",
    [
        (Choice.ACCEPT, 1, 0),
        (Choice.ACCEPT, 0, 1),
        (Choice.UNAVAILABLE, 0, 1),
        (Choice.REJECT, OPERATORS, 0),
        (0, 0, 0),
        (4, 0, 0),
    ],
)
def test_a_choice_without_meaning_is_refused(judging: Judging, vote: Vote) -> None:
    world = cast_all(judging, vote).world
    world.warp(1)
    world.fails("InvalidChoice", judging.reveal(0, vote))


def test_revealing_twice_is_refused(judging: Judging) -> None:
    world = cast_all(judging).world
    world.warp(1)
    world.send(judging.reveal(0))
    world.fails("NotCast", judging.reveal(0))


def test_a_ballot_that_was_not_cast_is_refused(judging: Judging) -> None:
    world = judging.balloting().world
    world.fails("NotCast", judging.reveal(0))


def test_whoever_knows_the_salt_reveals(judging: Judging) -> None:
    world = cast_all(judging).world
    world.warp(1)
    sent = world.send(judging.reveal(0))
    event = sent.only(verdict.BallotRevealed)
    assert isinstance(event, verdict.BallotRevealed)
    assert event.verifier == judging.account.ballots[0].verifier == judging.member(0).key


def test_another_s_ballot_does_not_open_with_one_s_own_secret(judging: Judging) -> None:
    world = cast_all(judging).world
    world.warp(1)
    attempt = judging.reveal(0, salt=ballot_salt(judging.member(1), judging.job))
    world.fails("WrongBallot", attempt)


def test_a_ballot_of_an_earlier_draw_stays_closed(judging: Judging) -> None:
    world = judging.balloting().world
    owner = judging.member(0)
    world.send(judging.cast(0), signers=[owner])
    world.warp_to(judging.account.reveal_deadline + 1)
    world.send(judging.tally(), signers=[judging.cranker])
    judging.drawn()
    for ballot, _ in judging.ballots(2):
        world.send(judging.cast(ballot), signers=[judging.member(ballot)])
    world.warp(1)
    world.fails("RevealClosed", judging.reveal(0))


def test_attack_19_a_copied_ballot_cannot_be_opened(judging: Judging) -> None:
    world = judging.balloting().world
    honest, copier = judging.member(0), judging.member(1)
    world.send(judging.cast(0, REJECTS), signers=[honest])
    copied = judging.account.ballots[0].commitment
    world.send(judging.cast(1, commitment=copied), signers=[copier])
    world.warp_to(judging.account.ballot_deadline + 1)
    world.send(judging.reveal(0, REJECTS))
    secret = judging.reveal(0, REJECTS).data[-32:]
    attempt = judging.reveal(1, REJECTS, salt=bytes(secret))
    world.fails("WrongBallot", attempt)


@pytest.mark.parametrize("early", [0, 1])
def test_attack_21_before_the_ballots_are_in(judging: Judging, early: int) -> None:
    world = judging.balloting().world
    world.send(judging.cast(0), signers=[judging.member(0)])
    world.warp_to(judging.account.ballot_deadline - early)
    world.fails("RevealTooEarly", judging.reveal(0))
    world.warp(early + 1)
    world.send(judging.reveal(0))


@pytest.mark.parametrize("late", [-1, 0])
def test_attack_21_the_deadline_s_slot_still_counts(judging: Judging, late: int) -> None:
    world = cast_all(judging).world
    world.warp_to(judging.account.reveal_deadline + late)
    world.send(judging.reveal(0))


def test_attack_21_the_slot_after_the_deadline_is_too_late(judging: Judging) -> None:
    world = cast_all(judging).world
    world.warp_to(judging.account.reveal_deadline + 1)
    world.fails("RevealClosed", judging.reveal(0))
