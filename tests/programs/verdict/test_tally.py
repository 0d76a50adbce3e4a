import pytest

from neurolov_client import verdict
from neurolov_client.bindings.verdict import Outcome, State
from tests.programs.verdict.judging import ACCEPTS, MISSES, REJECTS, Judging, Vote
from tests.world import unsigned


@pytest.mark.parametrize("vote", [ACCEPTS, REJECTS, MISSES])
def test_more_than_half_of_the_drawn_decide(judging: Judging, vote: Vote) -> None:
    world = judging.balloting().voted({0: vote, 1: vote}).world
    world.warp_to(judging.account.reveal_deadline + 1)
    sent = world.send(judging.tally(), signers=[judging.cranker])
    account, params = judging.account, world.parameters.verdict
    event = sent.only(verdict.BallotsTallied)
    assert isinstance(event, verdict.BallotsTallied)
    votes = (event.accept, event.reject, event.unavailable)
    assert votes == tuple(2 if vote == each else 0 for each in (ACCEPTS, REJECTS, MISSES))
    assert (event.drawn, event.state, event.outcome) == (3, account.state, account.outcome)
    if vote == MISSES:
        assert (account.state, account.outcome) == (State.ANSWERING, Outcome.NONE)
        assert account.availability.asked_slot == world.slot
        assert account.availability.deadline == world.slot + params.answer_slots
        assert event.answer_deadline == account.availability.deadline
        assert (account.unavailable_rounds, account.availability.answered) == (1, 0)
        return
    window = params.challenge_slots if vote == ACCEPTS else params.proof_slots
    assert account.window_end == event.window_end == world.slot + window
    if vote == ACCEPTS:
        assert (account.state, account.outcome) == (State.DECIDED, Outcome.ACCEPTED)
    else:
        assert (account.state, account.outcome) == (State.DISPUTED, Outcome.NONE)


def test_a_tie_with_silence_adds_verifiers(judging: Judging) -> None:
    world = judging.balloting().voted({0: ACCEPTS, 1: REJECTS}).world
    world.warp_to(judging.account.reveal_deadline + 1)
    world.send(judging.tally(), signers=[judging.cranker])
    account = judging.account
    assert (account.state, account.outcome) == (State.COMMITTED, Outcome.NONE)
    assert account.committed_slot == world.slot
    judging.drawn()
    assert [ballot.draw for _, ballot in judging.ballots()] == [1, 1, 1, 2, 2, 2]


def test_earlier_ballots_keep_counting(judging: Judging) -> None:
    judging.balloting().tallied({0: ACCEPTS, 1: REJECTS}).drawn()
    judging.tallied({ballot: ACCEPTS for ballot, _ in judging.ballots(2)})
    assert judging.account.outcome == Outcome.ACCEPTED


def test_silence_counts_against_every_choice(judging: Judging) -> None:
    judging.balloting().tallied({}).drawn()
    judging.tallied({ballot: ACCEPTS for ballot, _ in judging.ballots(2)})
    assert judging.account.state == State.COMMITTED


def test_no_quorum_in_three_draws_is_unverified(judging: Judging) -> None:
    judging.balloting().tallied({}).drawn().tallied({}).drawn().tallied({})
    account, world = judging.account, judging.world
    assert (account.state, account.outcome) == (State.DECIDED, Outcome.UNVERIFIED)
    assert account.window_end == world.slot + world.parameters.verdict.public_slots
    assert (account.draws, account.crankers[0].steps) == (3, 6)


def test_who_missed_the_data_can_be_outvoted(judging: Judging) -> None:
    judging.balloting().tallied({0: MISSES, 1: ACCEPTS}).drawn()
    judging.tallied({ballot: ACCEPTS for ballot, _ in judging.ballots(2)})
    assert judging.account.outcome == Outcome.ACCEPTED


def test_with_everything_revealed_nobody_waits(judging: Judging) -> None:
    world = judging.decided().world
    assert world.slot < judging.account.reveal_deadline


def test_open_ballots_are_not_counted(judging: Judging) -> None:
    world = judging.balloting().voted({0: ACCEPTS, 1: ACCEPTS}).world
    judging.world.send(judging.tally(), signers=[judging.cranker])
    assert judging.account.outcome == Outcome.ACCEPTED
    world.fails("WrongState", judging.tally(), signers=[judging.cranker])


def test_a_ballot_that_may_still_be_cast_holds_the_tally(judging: Judging) -> None:
    world = judging.balloting().world
    world.fails("TallyTooEarly", judging.tally(), signers=[judging.cranker])


def test_attack_21_an_unrevealed_ballot_holds_the_tally_to_its_deadline(judging: Judging) -> None:
    world = judging.balloting().world
    world.send(judging.cast(0), signers=[judging.member(0)])
    world.warp_to(judging.account.reveal_deadline - 1)
    world.fails("TallyTooEarly", judging.tally(), signers=[judging.cranker])
    world.warp(1)
    world.fails("TallyTooEarly", judging.tally(), signers=[judging.cranker])
    world.warp(1)
    world.send(judging.tally(), signers=[judging.cranker])


def test_attack_21_an_uncast_ballot_holds_the_tally_to_its_deadline(judging: Judging) -> None:
    world = judging.balloting().world
    world.warp_to(judging.account.ballot_deadline)
    world.fails("TallyTooEarly", judging.tally(), signers=[judging.cranker])
    world.warp(1)
    world.send(judging.tally(), signers=[judging.cranker])


def test_attack_1_the_cranker_must_sign(judging: Judging) -> None:
    world = judging.balloting().voted({0: ACCEPTS, 1: ACCEPTS, 2: ACCEPTS}).world
    world.fails("AccountNotSigner", unsigned(judging.tally(), judging.cranker.key))


def test_the_tally_stays_within_its_compute_budget(judging: Judging) -> None:
    votes = {0: REJECTS, 1: REJECTS, 2: ACCEPTS}
    world = judging.balloting().voted(votes).world
    sent = world.send(judging.tally(), signers=[judging.cranker])
    assert sent.units <= 10_000
