from collections.abc import Iterator

import pytest
from solders.account import Account

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from neurolov_client import SLOT_HASHES, escrow, staking, verdict
from neurolov_client.bindings.job_registry import SLOT_HASHES_ENTRIES
from neurolov_client.bindings.verdict import DRAW_DELAY, Outcome, State
from tests.programs.verdict import draw_twin as twin
from tests.programs.verdict.judging import Judging, slot_hash
from tests.world import NLOV, World, unsigned, with_account

SALT_SLOTS = 64


def give_reputation(judging: Judging, reputation: int) -> None:
    """Writes a stage's Q16 reputation into the verdict, as commit_stage copies it."""
    raw = judging.world.bank.account(judging.address)
    assert raw is not None
    data = bytearray(raw.data)
    at = verdict.Verdict.OFFSETS["stages"] + 64 + 8 * 3
    data[at : at + 4] = reputation.to_bytes(4, "little")
    judging.world.bank.set_account(judging.address, Account(raw.lamports, bytes(data), raw.owner))


def weights(world: World) -> dict[int, int]:
    """Returns the stake by seat."""
    return {
        seat.index: world.fetch(staking.Position, staking.position_address(seat.owner)).amount
        for seat in world.all(staking.Seat).values()
    }


def test_the_salt_opens_the_first_draw(judging: Judging) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + 1)
    sent = world.send(judging.draw(judging.job.salt), signers=[judging.cranker])
    account, params = judging.account, world.parameters.verdict
    assert (account.state, account.draws, account.ballot_count) == (State.BALLOTING, 1, 3)
    assert account.salt == judging.job.salt
    assert account.ballot_deadline == world.slot + params.ballot_slots
    assert account.reveal_deadline == account.ballot_deadline + params.reveal_slots
    assert account.crankers[0].party == judging.cranker.key
    event = sent.only(verdict.VerifiersDrawn)
    assert isinstance(event, verdict.VerifiersDrawn)
    assert list(event.seats) == [ballot.seat for _, ballot in judging.ballots()]
    assert (event.seed, event.draw) == (account.seed, 1)


def test_the_chain_draws_as_its_twin_does(judging: Judging) -> None:
    world = judging.committed().world
    chances = weights(world)
    drawn: list[int] = []
    for draws in range(3):
        judging.drawn()
        hashed = slot_hash(world, judging.seed_slot)
        seed = twin.seed(hashed, judging.job.salt, draws)
        expected = twin.seats(seed, chances, drawn, 3)
        drawn += expected
        assert judging.account.seed == seed
        assert [ballot.seat for _, ballot in judging.ballots(draws + 1)] == expected
        judging.tallied({})


def test_without_salt_the_twin_draws_too(judging: Judging) -> None:
    world = judging.committed().world
    judge.draw(world, judging.cranker, judging.job, salted=False)
    seed = twin.seed(slot_hash(world, judging.seed_slot), None, 0)
    assert judging.account.seed == seed
    seats = [ballot.seat for _, ballot in judging.ballots()]
    assert seats == twin.seats(seed, weights(world), [], 3)


def outcomes(judging: Judging, reputation: int, count: int) -> Iterator[tuple[bool, bool]]:
    """Yields, for many commit slots, whether the chain samples and whether the twin does."""
    world = judging.world
    world.warp(count)
    judging.committed()
    give_reputation(judging, reputation)
    world.warp_to(judging.seed_slot + 1)
    raw = world.bank.account(judging.address)
    assert raw is not None
    at = verdict.Verdict.OFFSETS["committed_slot"]
    for back in range(count):
        data = bytearray(raw.data)
        committed = judging.seed_slot - DRAW_DELAY - back
        data[at : at + 8] = committed.to_bytes(8, "little")
        world.bank.set_account(judging.address, Account(raw.lamports, bytes(data), raw.owner))
        world.send(judging.draw(judging.job.salt), signers=[judging.cranker])
        seed = twin.seed(slot_hash(world, committed + DRAW_DELAY), judging.job.salt, 0)
        floor = world.parameters.verdict.p_floor_bps
        yield judging.account.state == State.BALLOTING, twin.is_sampled(seed, reputation, floor)
        world.bank.set_account(judging.address, raw)


@pytest.mark.parametrize(
    ("reputation", "least", "most"), [(0, 40, 40), (32_768, 13, 31), (65_536, 0, 11)]
)
def test_sampling_falls_with_reputation(
    judging: Judging, reputation: int, least: int, most: int
) -> None:
    found = list(outcomes(judging, reputation, 40))
    assert [chain for chain, _ in found] == [expected for _, expected in found]
    assert least <= sum(chain for chain, _ in found) <= most


def test_a_spared_job_waits_for_its_challenge_window(judging: Judging) -> None:
    world = judging.committed().world
    give_reputation(judging, 65_536)
    world.warp_to(judging.seed_slot + 1)
    floor = world.parameters.verdict.p_floor_bps
    while twin.is_sampled(
        twin.seed(slot_hash(world, judging.seed_slot), judging.job.salt, 0), 65_536, floor
    ):
        raw = world.bank.account(judging.address)
        assert raw is not None
        at = verdict.Verdict.OFFSETS["committed_slot"]
        data = bytearray(raw.data)
        data[at : at + 8] = (judging.account.committed_slot - 1).to_bytes(8, "little")
        world.bank.set_account(judging.address, Account(raw.lamports, bytes(data), raw.owner))
    sent = world.send(judging.draw(judging.job.salt), signers=[judging.cranker])
    account = judging.account
    assert (account.state, account.outcome) == (State.DECIDED, Outcome.UNSAMPLED)
    assert account.window_end == world.slot + world.parameters.verdict.challenge_slots
    event = sent.only(verdict.VerificationSkipped)
    assert isinstance(event, verdict.VerificationSkipped)
    assert event.outcome == Outcome.UNSAMPLED


def test_an_aged_hash_is_replaced_and_always_verified(judging: Judging) -> None:
    world = judging.committed().world
    give_reputation(judging, 65_536)
    world.warp_to(judging.seed_slot + 1 + SLOT_HASHES_ENTRIES)
    world.send(judging.draw(judging.job.salt), signers=[judging.cranker])
    replaced = slot_hash(world, judging.seed_slot + SLOT_HASHES_ENTRIES)
    assert judging.account.seed == twin.seed(replaced, judging.job.salt, 0)
    assert judging.account.state == State.BALLOTING


def test_an_almost_aged_hash_still_counts(judging: Judging) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + SLOT_HASHES_ENTRIES)
    hashed = slot_hash(world, judging.seed_slot)
    world.send(judging.draw(judging.job.salt), signers=[judging.cranker])
    assert judging.account.seed == twin.seed(hashed, judging.job.salt, 0)


def test_a_skipped_slot_gives_way_to_the_next(judging: Judging) -> None:
    world = judging.committed().world
    due = judging.seed_slot
    world.bank.warp(due + 3)
    world.fails("SlotHashUnavailable", judging.draw(judging.job.salt), signers=[judging.cranker])
    world.bank.warp(due + 5)
    world.send(judging.draw(judging.job.salt), signers=[judging.cranker])
    assert judging.account.seed == twin.seed(slot_hash(world, due + 3), judging.job.salt, 0)


@pytest.mark.parametrize("early", [1, 2])
def test_attack_21_a_salted_draw_too_early(judging: Judging, early: int) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + 1 - early)
    world.fails("DrawTooEarly", judging.draw(judging.job.salt), signers=[judging.cranker])


@pytest.mark.parametrize("late", [0, 1])
def test_attack_21_a_salted_draw_in_time(judging: Judging, late: int) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + 1 + late)
    world.send(judging.draw(judging.job.salt), signers=[judging.cranker])


def test_attack_21_without_salt_the_buyer_s_time_must_pass(judging: Judging) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + SALT_SLOTS)
    world.fails("DrawTooEarly", judging.draw(), signers=[judging.cranker])
    world.warp(1)
    world.send(judging.draw(), signers=[judging.cranker])


def test_a_remembered_salt_spares_the_wait(judging: Judging) -> None:
    world = judging.balloting().tallied({}).world
    world.warp_to(judging.seed_slot + 1)
    hashed = slot_hash(world, judging.seed_slot)
    world.send(judging.draw(), signers=[judging.cranker])
    assert judging.account.seed == twin.seed(hashed, judging.job.salt, 1)


def test_a_wrong_salt_is_refused(judging: Judging) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + 1 + SALT_SLOTS)
    world.fails("WrongSalt", judging.draw(b"\7" * 32), signers=[judging.cranker])


def test_a_second_draw_of_one_commit_is_refused(judging: Judging) -> None:
    attempt = judging.balloting().draw(judging.job.salt)
    judging.world.fails("WrongState", attempt, signers=[judging.cranker])


def test_fewer_seats_than_verifiers_are_all_drawn(world: World) -> None:
    judging = Judging(world, seats=2, verifiers=5).balloting()
    assert sorted(ballot.seat for _, ballot in judging.ballots()) == [0, 1]


def test_without_any_seat_the_result_is_unverified(world: World) -> None:
    judging = Judging(world, seats=0).committed().drawn()
    account = judging.account
    assert (account.state, account.outcome) == (State.DECIDED, Outcome.UNVERIFIED)
    assert account.window_end == world.slot + world.parameters.verdict.public_slots


def test_a_redraw_with_nobody_left_is_unverified(world: World) -> None:
    judging = Judging(world, seats=3).balloting().tallied({}).drawn()
    assert (judging.account.state, judging.account.outcome) == (
        State.DECIDED,
        Outcome.UNVERIFIED,
    )


def test_stake_after_the_commit_changes_no_draw(judging: Judging) -> None:
    world = judging.committed().world
    chances = weights(world)
    whale = world.actor("whale", tokens=10**6 * NLOV)
    stakers.stake(world, whale, 10**6 * NLOV)
    stakers.seat(world, whale, 700)
    world.warp_to((world.window + 1) * CHECKPOINT_SLOTS)
    stakers.snapshot(world)
    world.warp_to(max(world.slot, judging.seed_slot + 1))
    hashed = slot_hash(world, judging.seed_slot)
    world.send(judging.draw(judging.job.salt), signers=[judging.cranker])
    seed = twin.seed(hashed, judging.job.salt, 0)
    assert [b.seat for _, b in judging.ballots()] == twin.seats(seed, chances, [], 3)


def test_one_snapshot_given_twice_is_refused(judging: Judging) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + 1)
    attempt = with_account(
        judging.draw(judging.job.salt),
        staking.snapshot_address(1),
        staking.snapshot_address(0),
    )
    world.fails("SnapshotRepeated", attempt, signers=[judging.cranker])


def test_attack_4_the_tree_is_no_snapshot(judging: Judging) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + 1)
    attempt = with_account(
        judging.draw(judging.job.salt), staking.snapshot_address(1), staking.verifiers_address()
    )
    world.fails("AccountDiscriminatorMismatch", attempt, signers=[judging.cranker])


def test_attack_10_a_fake_sysvar_is_refused(judging: Judging) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + 1)
    raw = world.bank.account(SLOT_HASHES)
    fake = world.actor("fake").key
    if raw is not None:
        world.bank.set_account(fake, raw)
    attempt = with_account(judging.draw(judging.job.salt), SLOT_HASHES, fake)
    world.fails("ConstraintAddress", attempt, signers=[judging.cranker])


def test_attack_3_an_account_of_another_program_is_no_terms(judging: Judging) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + 1)
    attempt = with_account(judging.draw(judging.job.salt), judging.terms, escrow.config_address())
    world.fails("AccountOwnedByWrongProgram", attempt, signers=[judging.cranker])


def test_attack_1_the_cranker_must_sign(judging: Judging) -> None:
    world = judging.committed().world
    world.warp_to(judging.seed_slot + 1)
    attempt = unsigned(judging.draw(judging.job.salt), judging.cranker.key)
    world.fails("AccountNotSigner", attempt)


def test_the_provider_s_own_seat_is_not_drawn(world: World) -> None:
    judging = Judging(world, seats=0, verifiers=5)
    owner = judging.provider
    for index in range(4):
        member = world.actor(f"verifier {index}", tokens=1_000 * NLOV)
        stakers.stake(world, member, 1_000 * NLOV)
        stakers.seat(world, member, index)
    stakers.seat(world, owner, 9)
    world.warp_to((world.window + 1) * CHECKPOINT_SLOTS)
    stakers.snapshot(world)
    judging.balloting()
    assert sorted(b.seat for _, b in judging.ballots()) == [0, 1, 2, 3]
