"""Many keys, and stake that follows the beacon to the luckiest of them.

A claim once counted the stake of its own moment: 30 of 9,030 NLOV, moved after each beacon to the
best of 300 registered keys, won 4 of 8 jobs. Now stake counts that stood when the two windows
before the posting began.
"""

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import pytest

from keeper.exact.decisions.selection import weight
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import (
    PostedJob,
    capability,
    claiming,
    post_job,
    register_graph,
)
from keeper.lab.market.sandbox import Sandbox
from keeper.lab.market.stakers import position, stake
from keeper.lab.simulation.checkpoints import Pool, Position
from keeper.lab.simulation.turns import Turns
from keeper.node.decisions.claim_order import lot
from neurolov_client import job_registry, staking
from tests.world import NLOV, World

KEYS = 300
HONEST = 3_000 * NLOV
MOVED = 30 * NLOV
PRICE = 3 * NLOV // 1_000
"""A price whose exposure and bond even a key of 0.1 NLOV can lock, at the usual kappa of 25."""
CAP = LOCALNET_PARAMETERS.job_registry.claim_max_delay_slots

CHEAP = replace(
    LOCALNET_PARAMETERS,
    job_registry=replace(LOCALNET_PARAMETERS.job_registry, min_price=PRICE, min_exposure=0),
)


@dataclass
class Crowd:
    """Three honest providers, and an attacker's keys, registered with equal parts of its stake.

    `pool` holds the same positions as the simulation remembers them.
    """

    world: World
    staked: int
    pool: Pool = field(init=False)
    held: dict[Actor, Position] = field(init=False)

    def __post_init__(self) -> None:
        self.honest = [self.world.actor(f"honest {number}") for number in range(3)]
        self.keys = [self.world.actor(f"key {number}") for number in range(KEYS)]
        self.held = {owner: Position() for owner in (*self.honest, *self.keys)}
        self.pool = Pool(CHECKPOINT_SLOTS, list(self.held.values()))
        for owner in self.held:
            amount = HONEST if owner in self.honest else self.staked // KEYS
            registering = job_registry.register_provider(
                capability=capability(ask=1), owner=owner.key
            )
            self.world.send(staking.open_position(owner=owner.key), registering, signers=[owner])
            if amount:
                self.world.mint_to(owner, amount)
                self.stake(owner, amount)
        self.world.stand()
        self.buyer = self.world.actor("buyer", tokens=1_000 * NLOV)
        self.graph = register_graph(self.world, self.buyer)

    def stake(self, owner: Actor, amount: int) -> None:
        """Stakes on the chain and in the simulation."""
        stake(self.world, owner, amount)
        self.pool.stake(self.world.slot, self.held[owner], amount)

    def post(self, price: int) -> tuple[PostedJob, int, bytes]:
        """Posts a job and lets its beacon fall; returns the job, its slot and the beacon."""
        job = post_job(self.world, self.buyer, self.graph, price=price)
        slot = self.world.fetch(job_registry.Job, job.address).posted_slot
        self.world.warp_to(slot + 1)
        return job, slot, bytes(dict(self.world.bank.slot_hashes())[slot])

    def turn(self, job: PostedJob, posted: int, beacon: bytes, owner: Actor) -> int:
        """Returns the slot in which the simulation lets a key claim."""
        window = posted // CHECKPOINT_SLOTS
        own = weight(self.held[owner].claim_weight(window), 0)
        turns = turns_of(own, self.pool.standing_leasable(window))
        lots = np.array([lot(beacon, job.address, owner.key)], np.uint64)
        return posted + 1 + int(turns.waits(lots)[0])


@cache
def turns_of(own: int, total: int) -> Turns:
    """Returns the waits of a key with this weight, in base units."""
    return Turns.of(LOCALNET_PARAMETERS.job_registry, own, total)


def refused(world: World, owner: Actor, job: PostedJob) -> None:
    """Asserts that it is not this key's turn yet."""
    world.fails("BeforeTurn", claiming(world, owner, job), signers=[owner])


def lease_of(sandbox: Sandbox, job: PostedJob) -> job_registry.Lease:
    return sandbox.fetch(job_registry.Job, job.address).lease


def test_c3_stake_that_follows_the_beacon_wins_nothing() -> None:
    """The attack as it was: 30 NLOV for each of 8 jobs, on the best of 300 keys without stake."""
    world = World.fresh()
    crowd, won = Crowd(world, staked=0), 0
    for _ in range(8):
        job, posted, beacon = crowd.post(NLOV + NLOV // 10)
        unused = [key for key in crowd.keys if crowd.held[key].amount == 0]
        best = max(unused, key=lambda key: lot(beacon, job.address, key.key))
        world.mint_to(best, MOVED)
        crowd.stake(best, MOVED)
        assert crowd.turn(job, posted, beacon, best) == posted + 1 + CAP
        first = min(crowd.honest, key=lambda owner: crowd.turn(job, posted, beacon, owner))
        world.warp_to(max(world.slot, crowd.turn(job, posted, beacon, first)))
        refused(world, best, job)
        world.send(claiming(world, first, job), signers=[first])
        crowd.pool.lease(
            crowd.held[first], position(world, first).exposed - crowd.held[first].leased
        )
        won += lease_of(world, job).provider == best.key
    assert won == 0


def test_c3_sixty_claims_equal_the_simulation_slot_by_slot() -> None:
    """300 keys hold 30 of 9,030 NLOV: of 60 jobs they win two at most.

    The honest keys and the best of the others are refused one slot before the first simulated
    turn. In that turn only those claim that are due, the attacker before the honest ones.
    """
    world = World(CHEAP)
    crowd, won = Crowd(world, staked=MOVED), 0
    for _ in range(60):
        job, posted, beacon = crowd.post(PRICE)
        turns = {owner: crowd.turn(job, posted, beacon, owner) for owner in crowd.held}
        best = min(crowd.keys, key=turns.__getitem__)
        turns = {owner: turns[owner] for owner in (best, *crowd.honest)}
        first = min(turns.values())
        if first > world.slot:
            world.warp_to(first - 1)
            for owner in turns:
                refused(world, owner, job)
            world.warp_to(first)
        for owner, turn in turns.items():
            if turn > first:
                refused(world, owner, job)
        winner = next(owner for owner in turns if turns[owner] == first)
        world.send(claiming(world, winner, job), signers=[winner])
        lease = lease_of(world, job)
        assert (lease.provider, lease.claimed_slot) == (winner.key, first)
        crowd.pool.lease(crowd.held[winner], lease.exposure + lease.bond)
        won += winner in crowd.keys
    assert won <= 2
    assert sum(each.amount for each in crowd.held.values()) == 3 * HONEST + MOVED


def test_c3_bound_stake_does_not_vouch_for_stake_that_arrives() -> None:
    """A busy key's standing stake is in its leases; what arrives after the beacon has no weight."""
    world = World.fresh()
    crowd = Crowd(world, staked=0)
    busy, needed = crowd.keys[0], 25 * NLOV + NLOV // 10
    world.mint_to(busy, 2 * needed)
    crowd.stake(busy, needed)
    world.stand()
    first, posted, beacon = crowd.post(NLOV)
    world.warp_to(crowd.turn(first, posted, beacon, busy))
    world.send(claiming(world, busy, first), signers=[busy])
    crowd.pool.lease(crowd.held[busy], needed)
    second, posted, beacon = crowd.post(NLOV)
    crowd.stake(busy, needed)
    assert crowd.held[busy].lease_room == crowd.held[busy].standing(world.window) == needed
    assert crowd.turn(second, posted, beacon, busy) == posted + 1 + CAP
    world.warp_to(posted + CAP)
    refused(world, busy, second)
    world.warp_to(posted + 1 + CAP)
    world.send(claiming(world, busy, second), signers=[busy])


@pytest.mark.parametrize(("windows", "counts"), [(0, False), (1, False), (2, True)])
def test_c3_stake_counts_once_two_windows_have_begun(windows: int, counts: bool) -> None:
    """A leader that ends a window and begins the next cannot choose a key by either hash."""
    world = World.fresh()
    crowd = Crowd(world, staked=0)
    key = crowd.keys[0]
    world.mint_to(key, HONEST)
    world.warp_to((world.window + 1) * CHECKPOINT_SLOTS - 5)
    crowd.stake(key, HONEST)
    world.warp_to(max(world.slot, (world.window + windows) * CHECKPOINT_SLOTS))
    job, posted, beacon = crowd.post(NLOV)
    turn = crowd.turn(job, posted, beacon, key)
    assert (turn < posted + 1 + CAP) == counts
    if turn > world.slot:
        world.warp_to(turn - 1)
        refused(world, key, job)
        world.warp_to(turn)
    world.send(claiming(world, key, job), signers=[key])
    assert lease_of(world, job).claimed_slot == turn


def test_c3_dust_races_after_the_longest_wait_only_with_stake_to_expose() -> None:
    """Whoever is not due before the longest wait still needs what the job exposes."""
    world = World.fresh()
    crowd = Crowd(world, staked=MOVED)
    job, posted, _ = crowd.post(NLOV)
    world.warp_to(posted + 1 + CAP)
    for key in crowd.keys[:10]:
        refusal = world.fails("InsufficientFreeStake", claiming(world, key, job), signers=[key])
        assert refusal.program == "staking"
