"""Attacks that no single instruction prevents alone."""

from contextlib import suppress
from itertools import permutations

import pytest
from solders.instruction import Instruction

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market import stakers
from neurolov_client import ProgramError, escrow, job_registry, shard_of, staking
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import State
from tests.programs.verdict import draw_twin as twin
from tests.programs.verdict.judging import ACCEPTS, REJECTS, Judging, Vote
from tests.world import NLOV, Actor, World

MOST_CREDITED = 5
"""The provider, the cranker and three verifiers."""


def endings(judging: Judging) -> dict[str, tuple[Instruction, list[Actor]]]:
    """Returns every way to move a decided job's money or stake, each with its signers."""
    job, cranker = judging.job, judging.cranker
    account = judging.escrow_account
    parties = [judging.provider, cranker, *judging.members]
    steps = {
        "settle": (judging.settle(), [cranker]),
        "void": (judging.void(), [cranker]),
        "collect": (
            escrow.collect_fee(
                escrow=job.escrow,
                vault=job.vault,
                fee_vault=escrow.fees_address(shard_of(job.address)),
            ),
            [],
        ),
        "reclaim": (
            escrow.reclaim(
                buyer=judging.buyer.key,
                escrow=job.escrow,
                vault=job.vault,
                destination=judging.buyer.tokens,
            ),
            [],
        ),
        "refund unposted": (
            escrow.refund_unposted(
                buyer=judging.buyer.key, job=job.address, destination=judging.buyer.tokens
            ),
            [judging.buyer],
        ),
        "cancel": (
            job_registry.cancel(buyer=judging.buyer.key, job=job.address),
            [judging.buyer],
        ),
        "expire": (
            judging.expire_job(),
            [cranker],
        ),
    }
    for index in range(MOST_CREDITED):
        party = account.credits[index].party
        owner = next((each for each in parties if each.key == party), judging.provider)
        steps[f"withdraw {index}"] = (
            escrow.withdraw(
                index=index, escrow=job.escrow, vault=job.vault, destination=owner.tokens
            ),
            [],
        )
    return steps


def attempt(judging: Judging, name: str) -> None:
    """Takes a step if the programs allow it now."""
    if not judging.world.exists(judging.job.escrow):
        return
    instruction, signers = endings(judging)[name]
    with suppress(ProgramError):
        judging.world.send(instruction, signers=signers)
    judging.world.check_conserved()


@pytest.mark.parametrize("vote", [ACCEPTS, REJECTS])
@pytest.mark.parametrize(
    "first", list(permutations(["settle", "void", "reclaim", "collect", "cancel"], 3))[::4]
)
def test_attack_15_every_order_pays_once(
    judging: Judging, vote: Vote, first: tuple[str, ...]
) -> None:
    world = judging.world
    before = {actor.name: world.tokens(actor) for actor in (judging.provider, *judging.members)}
    bought = world.tokens(judging.buyer) + world.tokens(judging.job.vault)
    judging.decided(vote)
    world.warp_to(judging.account.window_end + 1)
    staked = stakers.position(world, judging.provider).amount
    rest = [name for name in endings(judging) if name not in first]
    for name in (*first, *rest) * 3:
        attempt(judging, name)

    price, tip = judging.account.stages[0].price, judging.job.offer.tip
    fee = -(-price * 500 // 10_000)
    gains = {
        actor.name: world.tokens(actor) - before[actor.name]
        for actor in (judging.provider, *judging.members)
    }
    paid = {judging.member(ballot).name for ballot, _ in judging.ballots() if vote == ACCEPTS}
    expected = {name: NLOV // 5 if name in paid else 0 for name in gains}
    expected["provider"] = price - fee
    assert gains == expected
    assert world.tokens(judging.cranker) == 3 * tip
    spent = bought - world.tokens(judging.buyer)
    assert spent == sum(gains.values()) + 3 * tip + fee
    assert stakers.position(world, judging.provider).amount == staked
    assert not world.exists(judging.job.vault)


def test_attack_15_a_settled_job_is_paid_by_nobody_else(judging: Judging) -> None:
    world = judging.settled().world
    for name in ("settle", "void", "cancel", "expire", "refund unposted"):
        instruction, signers = endings(judging)[name]
        with pytest.raises(ProgramError):
            world.send(instruction, signers=signers)
    assert judging.account.state == State.SETTLED


def test_attack_20_many_keys_weigh_what_one_does(world: World) -> None:
    judging = Judging(world, seats=4)
    whale = {staking.seat_address(50): 4_000 * NLOV}
    sybils = {staking.seat_address(60 + n): 1_000 * NLOV for n in range(4)}
    for number, (chances, first) in enumerate(((whale, 50), (sybils, 60))):
        for offset, amount in enumerate(chances.values()):
            owner = world.actor(f"holder {number} {offset}", tokens=amount)
            stakers.stake(world, owner, amount)
            stakers.seat(world, owner, first + offset)
    world.warp_to((world.window + 1) * CHECKPOINT_SLOTS)
    stakers.snapshot(world)
    tree = world.fetch(staking.VerifierTree, staking.verifiers_address())
    assert tree.total == (4 * 1_000 * NLOV + 8_000 * NLOV) // 2
    weights = {seat.index: stakers_amount(world, seat) for seat in world.all(staking.Seat).values()}
    seeds = [twin.seed(bytes([n % 256] * 32), None, n // 256) for n in range(2_000)]
    drawn = [twin.seats(seed, weights, [], 1)[0] for seed in seeds]
    one, many = drawn.count(50), sum(60 <= seat < 64 for seat in drawn)
    assert abs(one - many) / len(seeds) < 0.04
    assert judging.job_account.state == JobState.CLAIMED


def stakers_amount(world: World, seat: staking.Seat) -> int:
    """Returns the stake of the seat's holder."""
    return world.fetch(staking.Position, staking.position_address(seat.owner)).amount


def test_attack_20_the_provider_s_seat_judges_other_jobs_alone(world: World) -> None:
    judging = Judging(world, seats=2, verifiers=5)
    stakers.seat(world, judging.provider, 9)
    world.warp_to((world.window + 1) * CHECKPOINT_SLOTS)
    stakers.snapshot(world)
    judging.balloting()
    assert 9 not in {ballot.seat for _, ballot in judging.ballots()}
    assert judging.account.stages[0].seat == 9


def test_attack_19_a_ballot_tells_nothing_before_it_is_revealed(judging: Judging) -> None:
    world = judging.balloting().world
    world.send(judging.cast(0, REJECTS), signers=[judging.member(0)])
    hidden = judging.account.ballots[0]
    assert (hidden.choice, hidden.operator, hidden.element) == (0, 0, 0)
