import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from idl.client import escrow, find_address, staking, verdict
from idl.client.bindings.verdict import BallotState
from keeper.lab.market import stakers
from keeper.lab.market.jobs import exposure
from tests.programs.verdict.judging import ACCEPTS, Judging
from tests.world import NLOV, Actor, World, unsigned, with_account


def ticket(owner: Actor, held: staking.Position) -> Pubkey:
    """Returns the address of the owner's next ticket."""
    number = held.tickets.to_bytes(8, "little")
    return find_address((b"ticket", bytes(owner.key), number), staking.ID)


def test_casting_locks_the_ballot_s_stake(judging: Judging) -> None:
    world = judging.balloting().world
    owner, params = judging.member(0), world.parameters.verdict
    deadline = judging.account.ballot_deadline
    sent = world.send(judging.cast(0), signers=[owner])
    ballot = judging.account.ballots[0]
    assert (ballot.state, ballot.verifier) == (BallotState.CAST, owner.key)
    assert (ballot.commitment, ballot.choice) == (judging.commitment(owner, ACCEPTS), 0)
    assert judging.account.ballot_deadline == deadline
    locked = exposure(world, judging.job, owner)
    assert (locked.amount, locked.bond) == (params.ballot_exposure, params.silence_fee)
    held = params.ballot_exposure + params.silence_fee
    assert stakers.position(world, owner).exposed == held
    event = sent.only(verdict.BallotCast)
    assert isinstance(event, verdict.BallotCast)
    assert (event.ballot, event.verifier) == (0, owner.key)


def test_the_last_ballot_opens_revealing(judging: Judging) -> None:
    world = judging.balloting().world
    world.warp(5)
    for ballot, _ in judging.ballots():
        world.send(judging.cast(ballot), signers=[judging.member(ballot)])
    account = judging.account
    assert account.ballot_deadline == world.slot
    assert account.reveal_deadline == world.slot + world.parameters.verdict.reveal_slots


def test_another_verifier_s_ballot_is_refused(judging: Judging) -> None:
    attempt = judging.balloting().cast(0)
    mallory = judging.member(1)
    forged = with_account(attempt, judging.member(0).key, mallory.key)
    judging.world.fails("Unauthorized", forged, signers=[mallory])


def test_another_seat_is_refused(judging: Judging) -> None:
    judging.balloting()
    mallory = judging.member(1)
    attempt = judging.cast(0, owner=mallory, seat=judging.account.ballots[1].seat)
    judging.world.fails("SeatMismatch", attempt, signers=[mallory])


def test_a_number_beyond_the_draw_is_refused(judging: Judging) -> None:
    judging.balloting()
    owner = judging.member(0)
    attempt = judging.cast(3, owner=owner, seat=judging.account.ballots[0].seat)
    judging.world.fails("NoSuchBallot", attempt, signers=[owner])


def test_casting_twice_is_refused(judging: Judging) -> None:
    world = judging.balloting().world
    owner = judging.member(0)
    world.send(judging.cast(0), signers=[owner])
    world.fails("AlreadyCast", judging.cast(0), signers=[owner])


def test_a_vacated_seat_cannot_vote(judging: Judging) -> None:
    world = judging.balloting().world
    owner = judging.member(0)
    seat = staking.seat_address(judging.account.ballots[0].seat)
    world.send(staking.vacate_seat(owner=owner.key, seat=seat), signers=[owner])
    world.fails("SeatMismatch", judging.cast(0), signers=[owner])


def test_a_seat_taken_after_the_snapshot_cannot_vote(judging: Judging) -> None:
    world = judging.balloting().world
    owner = judging.member(0)
    seat = staking.seat_address(judging.account.ballots[0].seat)
    raw = world.bank.account(seat)
    assert raw is not None
    data = bytearray(raw.data)
    at = staking.Seat.OFFSETS["taken_epoch"]
    data[at : at + 8] = (judging.account.snapshot_epochs[0] + 1).to_bytes(8, "little")
    world.bank.set_account(seat, Account(raw.lamports, bytes(data), raw.owner))
    world.fails("SeatMismatch", judging.cast(0), signers=[owner])


@pytest.mark.parametrize("party", ["buyer", "provider"])
def test_attack_20_a_party_to_the_job_cannot_judge_it(judging: Judging, party: str) -> None:
    world = judging.balloting().world
    actor = world.actor(party, tokens=200 * NLOV)
    stakers.stake(world, actor, 200 * NLOV)
    number = judging.account.ballots[0].seat
    seat = staking.seat_address(number)
    raw = world.bank.account(seat)
    assert raw is not None
    owner = staking.Seat.OFFSETS["owner"]
    data = bytes(raw.data)
    data = data[:owner] + bytes(actor.key) + data[owner + 32 :]
    world.bank.set_account(seat, Account(raw.lamports, data, raw.owner))
    attempt = judging.cast(0, owner=actor)
    world.fails("PartyToJob", attempt, signers=[actor])


def test_a_verifier_without_free_stake_is_refused(judging: Judging) -> None:
    world = judging.balloting().world
    owner = judging.member(0)
    held = stakers.position(world, owner)
    world.send(
        staking.request_unstake(
            amount=held.amount - NLOV,
            owner=owner.key,
            ticket=ticket(owner, held),
        ),
        signers=[owner],
    )
    refusal = world.fails("InsufficientFreeStake", judging.cast(0), signers=[owner])
    assert refusal.program == "staking"


def test_before_the_draw_there_is_nothing_to_cast(judging: Judging) -> None:
    judging.committed()
    owner = judging.members[0]
    attempt = judging.cast(0, owner=owner, seat=0)
    judging.world.fails("WrongState", attempt, signers=[owner])


def test_a_silent_verifier_cannot_join_the_next_draw(judging: Judging) -> None:
    world = judging.balloting().tallied({}).drawn().world
    world.fails("CastingClosed", judging.cast(0), signers=[judging.member(0)])


def test_attack_1_the_verifier_must_sign(judging: Judging) -> None:
    attempt = judging.balloting().cast(0)
    judging.world.fails("AccountNotSigner", unsigned(attempt, judging.member(0).key))


def test_attack_3_an_account_of_another_program_is_no_terms(judging: Judging) -> None:
    world = judging.balloting().world
    attempt = with_account(judging.cast(0), judging.terms, escrow.config_address())
    world.fails("AccountOwnedByWrongProgram", attempt, signers=[judging.member(0)])


@pytest.mark.parametrize("late", [-1, 0])
def test_attack_21_the_deadline_s_slot_still_counts(judging: Judging, late: int) -> None:
    world = judging.balloting().world
    world.warp_to(judging.account.ballot_deadline + late)
    world.send(judging.cast(0), signers=[judging.member(0)])


def test_attack_21_the_slot_after_the_deadline_is_too_late(judging: Judging) -> None:
    world = judging.balloting().world
    world.warp_to(judging.account.ballot_deadline + 1)
    world.fails("CastingClosed", judging.cast(0), signers=[judging.member(0)])


def test_attack_14_voting_stake_cannot_leave(judging: Judging) -> None:
    world = judging.balloting().world
    owner = judging.member(0)
    world.send(judging.cast(0), signers=[owner])
    held = stakers.position(world, owner)
    attempt = staking.request_unstake(
        amount=held.amount - held.exposed + 1,
        owner=owner.key,
        ticket=ticket(owner, held),
    )
    world.fails("InsufficientFreeStake", attempt, signers=[owner])


def test_a_ballot_costs_little_to_cast_and_reveal(world: World) -> None:
    judging = Judging(world, verifiers=5).balloting()
    cast, revealed = [], []
    for ballot, _ in judging.ballots():
        cast.append(world.send(judging.cast(ballot), signers=[judging.member(ballot)]).units)
    world.warp(1)
    for ballot, _ in judging.ballots():
        sent = world.send(judging.reveal(ballot))
        revealed.append(sent.units)
    assert max(cast) + max(revealed) <= 20_000
