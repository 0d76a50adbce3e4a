"""Compares the chain's draw with its twin."""

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import dictionaries, integers, just, sets
from solders.account import Account

from neurolov_client import staking, verdict
from tests.programs.verdict import draw_twin as twin
from tests.programs.verdict.judging import Judging, slot_hash
from tests.world import World


def write_weights(world: World, chances: dict[int, int]) -> None:
    """Fills the snapshot of this epoch: 1,024 stakers would take thousands of transactions."""
    address = staking.snapshot_address(world.window % 2)
    raw = world.bank.account(address)
    assert raw is not None
    data = bytearray(raw.data)
    prefix = [0]
    for seat in range(1024):
        prefix.append(prefix[-1] + chances.get(seat, 0))
    for seat in range(1024):
        total = prefix[seat + 1] - prefix[seat & (seat + 1)]
        at = staking.Snapshot.OFFSETS["sums"] + 8 * seat
        data[at : at + 8] = total.to_bytes(8, "little")
    at = staking.Snapshot.OFFSETS["total"]
    data[at : at + 8] = prefix[-1].to_bytes(8, "little")
    world.bank.set_account(address, Account(raw.lamports, bytes(data), raw.owner))


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    chances=dictionaries(integers(0, 1023), integers(0, 2**44), max_size=40),
    taken=sets(integers(0, 1023), max_size=10),
    own=integers(0, 1023) | just(2**16 - 1),
)
def test_any_weights_are_drawn_as_the_twin_draws_them(
    judging: Judging, chances: dict[int, int], taken: set[int], own: int
) -> None:
    world = judging.world
    if not world.exists(judging.address):
        judging.committed()
        world.warp_to(judging.seed_slot + 1)
    write_weights(world, chances)
    before = world.bank.account(judging.address)
    assert before is not None
    data = bytearray(before.data)
    data[verdict.Verdict.OFFSETS["k"]] = 5
    data[verdict.Verdict.OFFSETS["draws"]] = draws = -(-len(taken) // 5)
    data[verdict.Verdict.OFFSETS["ballot_count"]] = len(taken)
    for number, seat in enumerate(sorted(taken)):
        at = verdict.Verdict.OFFSETS["ballots"] + 80 * number + 72
        data[at : at + 2] = seat.to_bytes(2, "little")
    at = verdict.Verdict.OFFSETS["stages"] + 64 + 8 * 3 + 4 + 2 * 2
    data[at : at + 2] = own.to_bytes(2, "little")
    world.bank.set_account(judging.address, Account(before.lamports, bytes(data), before.owner))

    world.send(judging.draw(judging.job.salt), signers=[judging.cranker])
    seed = twin.seed(slot_hash(world, judging.seed_slot), judging.job.salt, draws)
    expected = twin.seats(seed, chances, {*taken, own}, 5)
    account = judging.account
    drawn = account.ballots[len(taken) : account.ballot_count]
    assert [ballot.seat for ballot in drawn] == expected
    world.bank.set_account(judging.address, before)


def test_the_draw_stays_within_its_compute_budget(world: World) -> None:
    judging = Judging(world, seats=20, verifiers=5)
    full = {seat: 10**14 + seat for seat in range(1024)}
    write_weights(world, full)
    judging.committed()
    world.warp_to(judging.seed_slot + 1)
    sent = world.send(judging.draw(judging.job.salt), signers=[judging.cranker])
    assert sent.units <= 10_000
    hashed = slot_hash(world, judging.seed_slot)
    seed = twin.seed(hashed, judging.job.salt, 0)
    assert [b.seat for _, b in judging.ballots()] == twin.seats(seed, full, [], 5)


def test_seats_follow_stake_and_splitting_gains_nothing() -> None:
    whole = {0: 4_000, **dict.fromkeys(range(1, 7), 1000)}
    split = {**dict.fromkeys(range(1, 7), 1000), **dict.fromkeys(range(10, 18), 500)}
    seeds = [twin.seed(bytes([n % 256] * 32), None, n // 256) for n in range(4_000)]
    alone = sum(0 in twin.seats(seed, whole, [], 1) for seed in seeds)
    together = sum(twin.seats(seed, split, [], 1)[0] >= 10 for seed in seeds)
    assert abs(alone / len(seeds) - 0.4) < 0.03
    assert abs(together / len(seeds) - 0.4) < 0.03
