from dataclasses import replace

import pytest

from keeper.lab.market import stakers
from neurolov_client import escrow, verdict
from neurolov_client.bindings.verdict import BallotState, Outcome, State
from tests.programs.verdict.collateral import fill
from tests.programs.verdict.judging import ACCEPTS, Judging
from tests.world import NLOV, World, unsigned, with_account
from tests.world.editing import overwrite
from tests.world.governing import enact


def at_risk(world: World) -> int:
    """Returns what a ballot locks, in base units."""
    return world.parameters.verdict.ballot_exposure + world.parameters.verdict.silence_fee


def filled(judging: Judging) -> Judging:
    """Draws; other ballots leave the first verifier one base unit too little."""
    world = judging.balloting().world
    fill(world, judging.member(0), room=at_risk(world) - 1)
    return judging


def test_a_verifier_without_room_stands_aside_unfined(judging: Judging) -> None:
    world = filled(judging).world
    owner = judging.member(0)
    held, deadline = stakers.position(world, owner), judging.account.ballot_deadline
    sent = world.send(judging.decline(0), signers=[owner])
    ballot = judging.account.ballots[0]
    assert (ballot.state, ballot.verifier, ballot.choice) == (BallotState.DECLINED, owner.key, 0)
    assert judging.account.ballot_deadline == deadline
    assert stakers.position(world, owner) == held
    event = sent.only(verdict.BallotDeclined)
    assert isinstance(event, verdict.BallotDeclined)
    assert (event.ballot, event.verifier) == (0, owner.key)
    assert event.envelope.sequence == judging.account.sequence
    assert sent.units <= 15_000
    world.warp_to(deadline + 1)
    world.fails("NotSilent", judging.report(0))
    assert stakers.position(world, owner) == held


def test_declining_counts_as_silence(judging: Judging) -> None:
    world = filled(judging).world
    world.send(judging.decline(0), signers=[judging.member(0)])
    judging.tallied({1: ACCEPTS})
    account = judging.account
    assert (account.state, account.outcome) == (State.COMMITTED, Outcome.NONE)
    judging.drawn()
    assert [ballot.draw for _, ballot in judging.ballots()] == [1, 1, 1, 2, 2, 2]


def test_what_was_declined_neither_blocks_nor_holds_anything(judging: Judging) -> None:
    world = filled(judging).world
    world.send(judging.decline(0), signers=[judging.member(0)])
    for ballot in (1, 2):
        world.send(judging.cast(ballot), signers=[judging.member(ballot)])
    account = judging.account
    assert account.ballot_deadline == world.slot
    assert account.reveal_deadline == world.slot + world.parameters.verdict.reveal_slots
    world.warp(1)
    for ballot in (1, 2):
        world.send(judging.reveal(ballot))
    world.send(judging.tally(), signers=[judging.cranker])
    assert judging.account.outcome == Outcome.ACCEPTED
    world.warp_to(judging.account.window_end + 1)
    world.send(judging.settle(), signers=[judging.cranker])
    assert judging.member(0).key not in judging.credited
    for ballot in (1, 2):
        world.send(judging.release(ballot))
    world.send(judging.close())
    assert not world.exists(judging.address)


def test_the_last_one_to_decline_opens_revealing(judging: Judging) -> None:
    world = filled(judging).world
    for ballot in (1, 2):
        world.send(judging.cast(ballot), signers=[judging.member(ballot)])
    sent = world.send(judging.decline(0), signers=[judging.member(0)])
    event = sent.only(verdict.BallotDeclined)
    assert isinstance(event, verdict.BallotDeclined)
    assert judging.account.ballot_deadline == event.ballot_deadline == world.slot


def test_a_verifier_with_room_must_vote(judging: Judging) -> None:
    world = judging.balloting().world
    owner = judging.member(0)
    world.fails("RoomForBallot", judging.decline(0), signers=[owner])
    fill(world, owner, room=at_risk(world))
    world.fails("RoomForBallot", judging.decline(0), signers=[owner])


def test_room_is_measured_by_the_job_s_terms(judging: Judging) -> None:
    world = judging.balloting().world
    owner, kept = judging.member(0), judging.terms
    fill(world, owner, room=at_risk(world))
    verdicts = world.parameters.verdict
    dearer = replace(verdicts, ballot_exposure=verdicts.ballot_exposure * 3 // 2)
    enact(world, replace(world.parameters, verdict=dearer))
    deadline = verdict.Verdict.OFFSETS["ballot_deadline"]
    overwrite(world, judging.address, deadline, (world.slot + 9).to_bytes(8, "little"))
    world.fails("RoomForBallot", judging.decline(0), signers=[owner])
    newer = with_account(judging.decline(0), kept, world.terms)
    world.fails("WrongTerms", newer, signers=[owner])
    world.send(judging.cast(0), signers=[owner])


def test_declining_twice_is_refused(judging: Judging) -> None:
    world = filled(judging).world
    world.send(judging.decline(0), signers=[judging.member(0)])
    world.fails("AlreadyCast", judging.decline(0), signers=[judging.member(0)])
    world.fails("AlreadyCast", judging.cast(0), signers=[judging.member(0)])


def test_what_was_cast_is_not_declined(judging: Judging) -> None:
    world = judging.balloting().world
    owner = judging.member(0)
    world.send(judging.cast(0), signers=[owner])
    fill(world, owner, room=0)
    world.fails("AlreadyCast", judging.decline(0), signers=[owner])


@pytest.mark.parametrize("late", [0, 1])
def test_attack_21_declining_ends_with_casting(judging: Judging, late: int) -> None:
    world = filled(judging).world
    world.warp_to(judging.account.ballot_deadline + late)
    if late:
        world.fails("CastingClosed", judging.decline(0), signers=[judging.member(0)])
    else:
        world.send(judging.decline(0), signers=[judging.member(0)])


def test_a_ballot_of_an_earlier_draw_is_not_declined(judging: Judging) -> None:
    world = filled(judging).world
    judging.tallied({}).drawn()
    world.fails("CastingClosed", judging.decline(0), signers=[judging.member(0)])


def test_a_party_has_no_ballot_to_decline(judging: Judging) -> None:
    world = judging.balloting().world
    provider = judging.provider
    stakers.seat(world, provider, 500, collateral=100 * NLOV)
    fill(world, provider, room=0)
    at = verdict.Verdict.OFFSETS["ballots"] + 72
    overwrite(world, judging.address, at, (500).to_bytes(2, "little"))
    epoch = verdict.Verdict.OFFSETS["snapshot_epochs"]
    overwrite(world, judging.address, epoch, world.window.to_bytes(8, "little"))
    world.fails("PartyToJob", judging.decline(0, owner=provider), signers=[provider])


def test_another_s_ballot_is_not_declined(judging: Judging) -> None:
    world = judging.balloting().world
    rival = judging.member(1)
    fill(world, rival, room=0)
    attempt = judging.decline(0, owner=rival)
    world.fails("Unauthorized", attempt, signers=[rival])
    beyond = judging.decline(3, owner=rival, seat=judging.account.ballots[1].seat)
    world.fails("NoSuchBallot", beyond, signers=[rival])
    elsewhere = judging.decline(0, owner=rival, seat=judging.account.ballots[1].seat)
    world.fails("SeatMismatch", elsewhere, signers=[rival])


def test_an_operator_declines_for_the_owner(judging: Judging) -> None:
    world = filled(judging).world
    owner, old, new = judging.member(0), world.actor("old key"), world.actor("new key")
    for operator in (old, new):
        stakers.appoint(world, owner, operator, NLOV)
    world.fails("Unauthorized", judging.decline(0, signer=old), signers=[old])
    world.send(judging.decline(0, signer=new), signers=[new])
    assert judging.account.ballots[0].verifier == owner.key


def test_attack_3_an_account_of_another_program_is_no_terms(judging: Judging) -> None:
    world = filled(judging).world
    attempt = with_account(judging.decline(0), judging.terms, escrow.config_address())
    world.fails("AccountOwnedByWrongProgram", attempt, signers=[judging.member(0)])


def test_attack_1_the_verifier_must_sign(judging: Judging) -> None:
    attempt = unsigned(filled(judging).decline(0), judging.member(0).key)
    judging.world.fails("AccountNotSigner", attempt)
