"""Seats of the draw that are held without stake.

Staking, taking a seat and unstaking again in one transaction once kept all 1,024 seats for 3.1 SOL
of rent: 6,400 of 6,400 $NLOV came back, a job was drawn no verifiers, and a lie was paid.
"""

from solders.instruction import Instruction

from keeper.lab.market import jobs as market
from keeper.lab.market import judgement as judge
from keeper.lab.market.stakers import pool, position, seat, snapshot, stake
from neurolov_client import escrow, shard_of, staking
from neurolov_client.bindings.job_registry import SEATS
from neurolov_client.bindings.staking import NO_SEAT
from neurolov_client.bindings.verdict import State
from tests.programs.forging import Caller
from tests.programs.staking.seats import (
    closing,
    displacing,
    evicting,
    let_snapshots_pass,
    seat_of,
    tree_of,
    vacating,
)
from tests.world import NLOV, Actor, World

MINIMUM = 100 * NLOV
FINE = NLOV // 10


def squatting(squatter: Actor, index: int, collateral: int = MINIMUM) -> tuple[Instruction, ...]:
    """Returns the steps of one transaction that stake, sit down and unstake everything."""
    return (
        staking.open_position(owner=squatter.key),
        staking.stake(amount=MINIMUM, owner=squatter.key, source=squatter.tokens),
        staking.take_seat(index=index, collateral=collateral, owner=squatter.key),
        staking.request_unstake(
            amount=MINIMUM, owner=squatter.key, ticket=staking.ticket_address(squatter.key, 0)
        ),
    )


def squat(world: World, index: int) -> Actor:
    """Seats a new squatter with the least collateral."""
    squatter = world.actor(f"squatter {index}", tokens=MINIMUM)
    world.send(*squatting(squatter, index)[:3], signers=[squatter])
    return squatter


def test_c1_a_seat_cannot_be_taken_and_its_stake_unstaked(world: World) -> None:
    squatter = world.actor("squatter", tokens=MINIMUM)
    world.fails("InsufficientFreeStake", *squatting(squatter, 0), signers=[squatter])
    less = squatting(squatter, 0, MINIMUM - 1)
    world.fails("BelowVerifierMinimum", *less, signers=[squatter])
    assert (world.tokens(squatter), tree_of(world).seats) == (MINIMUM, 0)


def test_c1_the_stake_of_a_seat_stays_for_two_windows_after_it_is_vacated(world: World) -> None:
    """One capital therefore cannot move from seat to seat and leave them taken."""
    squatter = squat(world, 0)
    *_, unstaking = squatting(squatter, 0)
    world.fails("InsufficientFreeStake", vacating(squatter, 0), unstaking, signers=[squatter])
    world.send(vacating(squatter, 0), signers=[squatter])
    vacated = seat_of(world, 0).vacated_epoch
    while world.window < vacated + 2:
        world.fails("InsufficientFreeStake", unstaking, signers=[squatter])
        world.fails("SeatStillDrawable", closing(squatter, 0))
        world.warp(75)
    anybody = world.actor("anybody")
    world.send(closing(squatter, 0))
    world.send(unstaking, signers=[squatter])
    seat(world, *honest(world, anybody, MINIMUM), collateral=MINIMUM)
    assert tree_of(world).total == MINIMUM // 2


def honest(world: World, actor: Actor, amount: int) -> tuple[Actor, int]:
    """Returns the actor with `amount` staked, and the seat that it may take."""
    world.mint_to(actor, amount)
    stake(world, actor, amount)
    return actor, 0


def test_c1_all_seats_bind_102_400_nlov_and_are_outbid_by_a_quarter(world: World) -> None:
    bound = 102_400 * NLOV
    squatters = [squat(world, index) for index in range(SEATS)]
    assert (pool(world).collateral, pool(world).total_staked) == (bound, bound)
    assert (tree_of(world).seats, tree_of(world).total) == (SEATS, bound // 2)
    for index in (0, 511, 1_023):
        *_, unstaking = squatting(squatters[index], index)
        world.fails("InsufficientFreeStake", unstaking, signers=[squatters[index]])

    newcomer = world.actor("newcomer")
    honest(world, newcomer, MINIMUM * 5 // 4)
    too_little = displacing(newcomer, squatters[511], MINIMUM * 5 // 4 - 2, 511)
    world.fails("BidTooLow", too_little, signers=[newcomer])
    displacement = displacing(newcomer, squatters[511], MINIMUM * 5 // 4, 511)
    world.send(displacement, signers=[newcomer])
    world.stand()
    world.send(closing(squatters[511], 511, heir=staking.position_address(newcomer.key)))
    assert seat_of(world, 511).owner == newcomer.key
    assert position(world, squatters[511]).seat == NO_SEAT
    assert tree_of(world).total == bound // 2 + MINIMUM // 8
    world.check_conserved()


def test_c1_silent_squatters_are_drawn_fined_and_evicted(world: World) -> None:
    squatters = [squat(world, index) for index in range(3)]
    snapshot(world)
    provider, cranker = world.actor("provider"), world.actor("cranker")
    graph = market.register_graph(world, world.actor("author"))
    market.register_provider(world, provider)
    snapshot(world)
    job = market.post_job(world, world.actor("buyer", tokens=10 * NLOV), graph)
    market.claim(world, provider, job)
    judge.commit(world, provider, job)
    judge.draw(world, cranker, job)
    drawn = judge.drawn(world, job)
    assert len(drawn) == 3, "a lie is not paid unverified: collateral stands behind each ballot"
    assert judge.verdict_of(world, job).state == State.BALLOTING

    world.warp_to(judge.verdict_of(world, job).ballot_deadline + 1)
    judge.report_all(world, job)
    times = {index: sum(1 for _, seat in drawn if seat == index) for index in range(3)}
    for index, squatter in enumerate(squatters):
        assert position(world, squatter).collateral == MINIMUM - FINE * times[index]
    assert world.tokens(escrow.fees_address(shard_of(job.address))) == 3 * FINE

    verdict, squatter = Caller(world, "verdict"), squatters[0]
    silence = staking.fine(
        fine=FINE, position=staking.position_address(squatter.key), destination=world.treasury
    )
    silences = times[0]
    while position(world, squatter).collateral >= MINIMUM // 2:
        world.fails("SufficientlyCollateralised", evicting(squatter, 0))
        verdict.send(*[silence] * 20)
        silences += 20
    assert position(world, squatter).collateral == MINIMUM - FINE * silences
    world.send(evicting(squatter, 0))
    let_snapshots_pass(world)
    world.send(closing(squatter, 0))
    seat(world, *honest(world, world.actor("newcomer"), MINIMUM), collateral=MINIMUM)
    assert seat_of(world, 0).owner == world.actor("newcomer").key
