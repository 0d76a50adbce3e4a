from dataclasses import replace

import pytest
from solders.instruction import Instruction

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from neurolov_client import escrow, shard_of, staking, verdict
from neurolov_client.bindings.verdict import BallotState, State
from tests.programs.verdict.collateral import fill
from tests.programs.verdict.disputing import Disputing
from tests.programs.verdict.judging import ACCEPTS, Judging
from tests.world import NLOV, Actor, World, with_account
from tests.world.editing import overwrite
from tests.world.governing import enact


def missed(judging: Judging) -> Judging:
    """Draws, and lets the time to cast pass without any ballot."""
    judging.balloting()
    judging.world.warp_to(judging.account.ballot_deadline + 1)
    return judging


def fine(world: World) -> int:
    return world.parameters.verdict.silence_fee


def closing(owner: Actor, seat: int) -> Instruction:
    """Closes a vacated seat."""
    return staking.close_seat(
        owner=owner.key,
        seat=staking.seat_address(seat),
        even_snapshot=staking.snapshot_address(0),
        odd_snapshot=staking.snapshot_address(1),
    )


def test_silence_costs_the_fee_to_the_fee_vault(judging: Judging) -> None:
    world = missed(judging).world
    owner = judging.member(0)
    held, fees = stakers.position(world, owner), world.tokens(judging.fee_vault)
    weight = world.fetch(staking.VerifierTree, staking.verifiers_address()).total
    pool = stakers.pool(world)
    sent = world.send(judging.report(0))
    position = stakers.position(world, owner)
    assert position.amount == held.amount - fine(world)
    assert position.collateral == held.collateral - fine(world)
    assert (position.exposed, position.catch_rate) == (held.exposed, held.catch_rate)
    assert world.tokens(judging.fee_vault) == fees + fine(world)
    assert stakers.pool(world).total_staked == pool.total_staked - fine(world)
    lighter = world.fetch(staking.VerifierTree, staking.verifiers_address()).total
    assert lighter == weight - fine(world) // 2
    ballot = judging.account.ballots[0]
    assert (ballot.state, ballot.choice) == (BallotState.REPORTED, 0)
    event = sent.only(verdict.SilenceReported)
    assert isinstance(event, verdict.SilenceReported)
    assert (event.ballot, event.seat, event.verifier) == (0, ballot.seat, owner.key)
    assert sent.units <= 40_000
    world.check_conserved()


def test_silence_is_reported_once(judging: Judging) -> None:
    world = missed(judging).world
    world.send(judging.report(0))
    world.fails("NotSilent", judging.report(0))


@pytest.mark.parametrize("early", [0, 1])
def test_attack_21_nobody_is_silent_before_the_deadline(judging: Judging, early: int) -> None:
    world = judging.balloting().world
    world.warp_to(judging.account.ballot_deadline - early)
    world.fails("CastingOpen", judging.report(0))
    world.warp(early + 1)
    world.send(judging.report(0))


def test_whoever_cast_is_not_silent(judging: Judging) -> None:
    world = judging.balloting().world
    world.send(judging.cast(0), signers=[judging.member(0)])
    world.send(judging.cast(1), signers=[judging.member(1)])
    world.warp_to(judging.account.ballot_deadline + 1)
    world.send(judging.reveal(0))
    for ballot in (0, 1):
        world.fails("NotSilent", judging.report(ballot))
    world.send(judging.report(2))


def test_a_ballot_that_was_never_drawn_is_refused(judging: Judging) -> None:
    world = missed(judging).world
    attempt = judging.report(0)
    beyond = Instruction(attempt.program_id, attempt.data[:-1] + b"\3", list(attempt.accounts))
    world.fails("NoSuchBallot", beyond)


def test_earlier_draws_are_reported_while_a_later_one_runs(judging: Judging) -> None:
    judging.balloting().tallied({0: ACCEPTS}).drawn()
    world = judging.world
    world.fails("CastingOpen", judging.report(3))
    staked = stakers.position(world, judging.member(1)).amount
    world.send(judging.report(1))
    assert stakers.position(world, judging.member(1)).amount == staked - fine(world)
    assert judging.account.state == State.BALLOTING
    judging.tallied({ballot: ACCEPTS for ballot, _ in judging.ballots(2)})
    world.send(judging.report(2))


def test_a_report_after_the_end_still_fines(judging: Judging) -> None:
    world = judging.balloting().tallied({0: ACCEPTS, 1: ACCEPTS}).world
    judge.settle(world, judging.cranker, judging.job)
    staked = stakers.position(world, judging.member(2)).amount
    world.send(judging.report(2))
    assert stakers.position(world, judging.member(2)).amount == staked - fine(world)


def test_a_proof_that_ended_casting_early_fines_nobody(judged: Disputing) -> None:
    world = judged.balloting().world
    judged.challenge().proven(world)
    assert world.slot < judged.account.ballot_deadline
    for slot in (world.slot, judged.account.ballot_deadline + 1):
        world.warp_to(slot)
        world.fails("NotSilent", judged.report(0))
    world.send(judged.slash())
    world.send(judged.void(), signers=[judged.cranker])
    world.send(judged.close())
    assert not world.exists(judged.address)


def test_a_proof_after_casting_excuses_nobody(judged: Disputing) -> None:
    world = judged.balloting().world
    world.warp_to(judged.account.ballot_deadline + 1)
    judged.challenge().proven(world)
    world.send(judged.report(0))
    world.send(judged.slash())
    world.send(judged.void(), signers=[judged.cranker])
    world.fails("SilenceUnreported", judged.close())
    for ballot in (1, 2):
        world.send(judged.report(ballot))
    world.send(judged.close())


def test_a_proof_excuses_only_the_draw_that_it_ended(judged: Disputing) -> None:
    world = judged.balloting().tallied({}).drawn().world
    judged.challenge().proven(world)
    staked = stakers.position(world, judged.member(0)).amount
    world.send(judged.report(0))
    assert stakers.position(world, judged.member(0)).amount == staked - fine(world)
    world.fails("NotSilent", judged.report(3))


def test_a_party_that_may_not_cast_is_not_fined(judging: Judging) -> None:
    world = judging.balloting().world
    provider = judging.provider
    stakers.seat(world, provider, 500, collateral=100 * NLOV)
    at = verdict.Verdict.OFFSETS["ballots"] + 72
    overwrite(world, judging.address, at, (500).to_bytes(2, "little"))
    epoch = verdict.Verdict.OFFSETS["snapshot_epochs"]
    overwrite(world, judging.address, epoch, world.window.to_bytes(8, "little"))
    world.warp_to(judging.account.ballot_deadline + 1)
    held = stakers.position(world, provider)
    sent = world.send(judging.report(0, provider))
    event = sent.only(verdict.SilenceReported)
    assert isinstance(event, verdict.SilenceReported)
    assert bytes(event.verifier) == bytes(32)
    assert stakers.position(world, provider) == held
    assert judging.account.ballots[0].state == BallotState.REPORTED


def test_a_fine_takes_at_most_what_other_ballots_leave(judging: Judging) -> None:
    world = missed(judging).world
    owner, left = judging.member(0), fine(world) // 3
    fill(world, owner, room=left)
    held, fees = stakers.position(world, owner), world.tokens(judging.fee_vault)
    world.send(judging.report(0))
    position = stakers.position(world, owner)
    assert (position.amount, position.balloted) == (held.amount - left, held.balloted)
    assert position.collateral == position.balloted
    assert world.tokens(judging.fee_vault) == fees + left
    world.check_conserved()


def test_a_verifier_without_any_room_pays_nothing(judging: Judging) -> None:
    world = missed(judging).world
    owner = judging.member(0)
    fill(world, owner, room=0)
    held = stakers.position(world, owner)
    world.send(judging.report(0))
    left = stakers.position(world, owner)
    assert (left.amount, left.collateral) == (held.amount, held.collateral)
    assert judging.account.ballots[0].state == BallotState.REPORTED


def vacated(judging: Judging, owner: Actor, seat: int) -> None:
    """Lets the owner leave the seat, and windows pass until it can be closed."""
    world = judging.world
    leaving = staking.vacate_seat(owner=owner.key, seat=staking.seat_address(seat))
    world.send(leaving, signers=[owner])
    for _ in range(3):
        world.warp_to((world.window + 1) * CHECKPOINT_SLOTS)
        stakers.snapshot(world)


def test_a_vacated_holder_is_fined_until_its_seat_is_closed(judging: Judging) -> None:
    world = judging.balloting().world
    owner, seat = judging.member(0), judging.account.ballots[0].seat
    vacated(judging, owner, seat)
    staked = stakers.position(world, owner).amount
    world.send(judging.report(0))
    assert stakers.position(world, owner).amount == staked - fine(world)


def test_a_closed_seat_fines_nobody(judging: Judging) -> None:
    world = judging.balloting().world
    owner, seat = judging.member(0), judging.account.ballots[0].seat
    vacated(judging, owner, seat)
    world.send(closing(owner, seat))
    held = stakers.position(world, owner)
    sent = judge.report_silent(world, judging.job, 0)
    event = sent.only(verdict.SilenceReported)
    assert isinstance(event, verdict.SilenceReported)
    assert (bytes(event.verifier), event.seat) == (bytes(32), seat)
    assert stakers.position(world, owner) == held


def test_a_newer_holder_never_pays_for_an_earlier_one(judging: Judging) -> None:
    world = judging.balloting().world
    owner, seat = judging.member(0), judging.account.ballots[0].seat
    vacated(judging, owner, seat)
    world.send(closing(owner, seat))
    newcomer = world.actor("newcomer", tokens=200 * NLOV)
    stakers.stake(world, newcomer, 200 * NLOV)
    stakers.seat(world, newcomer, seat)
    held = {each: stakers.position(world, each) for each in (owner, newcomer)}
    sent = judge.report_silent(world, judging.job, 0)
    event = sent.only(verdict.SilenceReported)
    assert isinstance(event, verdict.SilenceReported)
    assert bytes(event.verifier) == bytes(32)
    assert {each: stakers.position(world, each) for each in held} == held
    assert judging.account.ballots[0].state == BallotState.REPORTED


def test_the_fine_is_that_of_the_job_s_terms(judging: Judging) -> None:
    world = judging.balloting().world
    owner, kept, old = judging.member(0), judging.terms, fine(world)
    dearer = replace(world.parameters.verdict, silence_fee=2 * old)
    enact(world, replace(world.parameters, verdict=dearer))
    assert world.terms != kept
    world.fails("WrongTerms", with_account(judging.report(0), kept, world.terms))
    staked = stakers.position(world, owner).amount
    world.send(judging.report(0))
    assert stakers.position(world, owner).amount == staked - old


def test_another_position_does_not_pay(judging: Judging) -> None:
    world = missed(judging).world
    world.fails("SeatMismatch", judging.report(0, judging.member(1)))
    absent = with_account(
        judging.report(0), staking.position_address(judging.member(0).key), verdict.ID
    )
    world.fails("SeatMismatch", absent)


def test_another_seat_excuses_nobody(judging: Judging) -> None:
    world = missed(judging).world
    own = staking.seat_address(judging.account.ballots[0].seat)
    for other in (staking.seat_address(judging.account.ballots[1].seat), staking.seat_address(900)):
        world.fails("SeatMismatch", with_account(judging.report(0), own, other))


def test_a_fine_goes_to_the_fee_vault_alone(judging: Judging) -> None:
    world = missed(judging).world
    mallory = world.actor("mallory")
    other = escrow.fees_address((shard_of(judging.job.address) + 1) % 16)
    for elsewhere in (mallory.tokens, other, judging.job.vault):
        attempt = with_account(judging.report(0), judging.fee_vault, elsewhere)
        world.fails("JobMismatch", attempt)


def test_attack_6_a_fake_staking_program_is_refused(judging: Judging) -> None:
    world = missed(judging).world
    world.fails("InvalidProgramId", with_account(judging.report(0), staking.ID, escrow.ID))
