import pytest
from solders.account import Account
from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import exposure
from neurolov_client import escrow, find_address, staking, verdict
from neurolov_client.bindings.verdict import BallotState
from tests.programs.verdict.collateral import fill
from tests.programs.verdict.judging import ACCEPTS, Judging
from tests.world import NLOV, Actor, World, unsigned, with_account
from tests.world.editing import overwrite


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


def test_a_vacated_seat_votes_where_it_was_drawn_before(judging: Judging) -> None:
    world = judging.balloting().world
    owner = judging.member(0)
    seat = staking.seat_address(judging.account.ballots[0].seat)
    world.send(staking.vacate_seat(owner=owner.key, seat=seat), signers=[owner])
    vacated = world.fetch(staking.Seat, seat).vacated_epoch
    assert vacated >= judging.account.snapshot_epochs[0]
    world.send(judging.cast(0), signers=[owner])
    assert judging.account.ballots[0].verifier == owner.key


def test_a_seat_vacated_before_the_snapshot_cannot_vote(world: World) -> None:
    world.stand()
    judging = Judging(world).balloting()
    owner = judging.member(0)
    seat = staking.seat_address(judging.account.ballots[0].seat)
    world.send(staking.vacate_seat(owner=owner.key, seat=seat), signers=[owner])
    at, epoch = staking.Seat.OFFSETS["vacated_epoch"], judging.account.snapshot_epochs[0]
    overwrite(world, seat, at, (epoch - 1).to_bytes(8, "little"))
    world.fails("SeatMismatch", judging.cast(0), signers=[owner])
    overwrite(world, seat, at, epoch.to_bytes(8, "little"))
    world.send(judging.cast(0), signers=[owner])


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


def test_a_verifier_without_room_for_the_ballot_is_refused(judging: Judging) -> None:
    world = judging.balloting().world
    owner, params = judging.member(0), world.parameters.verdict
    at_risk = params.ballot_exposure + params.silence_fee
    fill(world, owner, room=at_risk - 1)
    refusal = world.fails("InsufficientCollateral", judging.cast(0), signers=[owner])
    assert refusal.program == "staking"


def test_room_for_one_ballot_is_enough(judging: Judging) -> None:
    world = judging.balloting().world
    owner, params = judging.member(0), world.parameters.verdict
    fill(world, owner, room=params.ballot_exposure + params.silence_fee)
    world.send(judging.cast(0), signers=[owner])
    held = stakers.position(world, owner)
    assert held.balloted == held.collateral


def test_before_the_draw_there_is_nothing_to_cast(judging: Judging) -> None:
    judging.committed()
    owner = judging.members[0]
    attempt = judging.cast(0, owner=owner, seat=0)
    judging.world.fails("NoSuchBallot", attempt, signers=[owner])


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
    world.mint_to(owner, NLOV)
    stakers.stake(world, owner, NLOV)
    world.send(judging.cast(0), signers=[owner])
    held = stakers.position(world, owner)
    assert held.amount - held.collateral == NLOV
    leaving = {
        amount: staking.request_unstake(amount=amount, owner=owner.key, ticket=ticket(owner, held))
        for amount in (NLOV, NLOV + 1)
    }
    world.fails("InsufficientFreeStake", leaving[NLOV + 1], signers=[owner])
    world.send(leaving[NLOV], signers=[owner])
    seat = staking.seat_address(judging.account.ballots[0].seat)
    world.send(staking.vacate_seat(owner=owner.key, seat=seat), signers=[owner])
    for _ in range(3):
        world.warp_to((world.window + 1) * CHECKPOINT_SLOTS)
        stakers.snapshot(world)
    closing = staking.close_seat(
        owner=owner.key,
        seat=seat,
        even_snapshot=staking.snapshot_address(0),
        odd_snapshot=staking.snapshot_address(1),
    )
    world.fails("BallotsOpen", closing)


def test_an_operator_casts_for_the_owner_and_pays_the_rent(judging: Judging) -> None:
    world = judging.balloting().world
    owner, operator = judging.member(0), world.actor("operator")
    params = world.parameters.verdict
    at_risk = params.ballot_exposure + params.silence_fee
    stakers.appoint(world, owner, operator, at_risk)
    before = {each: world.bank.balance(each.key) for each in (owner, operator)}
    world.send(judging.cast(0, signer=operator), signers=[operator])
    ballot = judging.account.ballots[0]
    assert (ballot.verifier, ballot.state) == (owner.key, BallotState.CAST)
    locked = exposure(world, judging.job, owner)
    assert (locked.owner, locked.payer, locked.by_operator) == (owner.key, operator.key, 1)
    rent = world.bank.rent_exempt_minimum(staking.Exposure.SIZE or 0)
    assert world.bank.balance(operator.key) == before[operator] - rent
    held = stakers.position(world, owner)
    assert (held.operator_exposed, held.balloted) == (at_risk, at_risk)
    judging.voted({1: ACCEPTS, 2: ACCEPTS})
    world.send(judging.reveal(0))
    world.send(judging.tally(), signers=[judging.cranker])
    judge.settle(world, judging.cranker, judging.job)
    world.send(judging.release(0))
    assert world.bank.balance(operator.key) == before[operator]
    assert world.bank.balance(owner.key) == before[owner]
    held = stakers.position(world, owner)
    assert (held.operator_exposed, held.balloted) == (0, 0)
    assert judging.credited[owner.key] == judging.job.offer.verification_fee
    assert operator.key not in judging.credited


def test_an_operator_casts_within_its_budget(judging: Judging) -> None:
    world = judging.balloting().world
    owner, operator = judging.member(0), world.actor("operator")
    params = world.parameters.verdict
    stakers.appoint(world, owner, operator, params.ballot_exposure + params.silence_fee - 1)
    attempt = judging.cast(0, signer=operator)
    refusal = world.fails("OperatorBudgetExceeded", attempt, signers=[operator])
    assert refusal.program == "staking"


def test_after_a_rotation_the_new_key_casts_and_the_old_one_does_not(judging: Judging) -> None:
    world = judging.balloting().world
    owner, old, new = judging.member(0), world.actor("old key"), world.actor("new key")
    for operator in (old, new):
        stakers.appoint(world, owner, operator, 100 * NLOV)
    world.fails("Unauthorized", judging.cast(0, signer=old), signers=[old])
    world.send(judging.cast(0, signer=new), signers=[new])
    world.warp_to(judging.account.ballot_deadline + 1)
    world.send(judging.reveal(0))


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
