"""Runs of real tasks, which 300 keys of little stake want beside a hundred honest ones."""

from itertools import groupby

from keeper.lab.market.stakers import pool, stake
from keeper.lab.market.tasks import (
    PostedTask,
    commit,
    decide,
    joining,
    post,
    release,
    reveal,
    stored,
)
from keeper.node.decisions.claim_order import delay, lot
from tests.world import NLOV, Actor, World

PRICE = NLOV // 100
HONEST, HONEST_STAKE = 100, 90 * NLOV
KEYS, KEY_STAKE = 300, NLOV // 10 + NLOV // 200
"""Least stake that one run of this price exposes: ten times the price, and a bond of half of it."""
TASKS = 20


def due(world: World, task: PostedTask, keys: dict[Actor, int]) -> list[tuple[int, Actor]]:
    """Returns the first slot of each key by the keeper's arithmetic; the order breaks ties."""
    posted, rules = stored(world, task).posted_slot, world.parameters.redundancy
    beacon = bytes(dict(world.bank.slot_hashes())[posted])
    total = sum(keys.values())
    waits = (
        (delay(rules, lot(beacon, task.address, key.key), staked, total), key)
        for key, staked in keys.items()
    )
    return sorted(((posted + 1 + wait, key) for wait, key in waits), key=lambda each: each[0])


def test_c2_sixty_runs_go_to_stake_slot_by_slot(world: World, cranker: Actor) -> None:
    """With 31.5 of 9,031.5 NLOV on 300 keys, the attacker gets at most two of sixty runs.

    Its keys come first within a slot. Each join is refused in the slot before its turn.
    """
    buyer = world.actor("buyer", tokens=1_000 * NLOV)
    dust = [world.actor(f"key {number}", tokens=KEY_STAKE) for number in range(KEYS)]
    honest = [world.actor(f"honest {number}", tokens=HONEST_STAKE) for number in range(HONEST)]
    keys = {**dict.fromkeys(dust, KEY_STAKE), **dict.fromkeys(honest, HONEST_STAKE)}
    for key, staked in keys.items():
        stake(world, key, staked)
    world.stand()
    assert pool(world).total_staked == sum(keys.values()) == 9_031_500_000_000
    taken: list[Actor] = []
    for _ in range(TASKS):
        task = post(world, buyer, price=PRICE, n=3, max_runs=3)
        early = joining(world, task, honest[0])
        world.fails("BeforeTurn", early, signers=[honest[0]])
        world.warp(1)
        runners: list[Actor] = []
        # all turns follow from the hash that is known from this slot on
        for slot, group in groupby(due(world, task, keys)[:3], key=lambda each: each[0]):
            members = [key for _, key in group]
            if world.slot < slot:
                world.warp_to(slot - 1)
                for key in members:
                    world.fails("BeforeTurn", joining(world, task, key), signers=[key])
                world.warp(1)
            for key in members:
                world.send(joining(world, task, key), signers=[key])
                assert stored(world, task).runs[len(runners)].joined_slot == slot
                runners.append(key)
        outputs = dict.fromkeys(runners, 1)
        commit(world, task, outputs)
        reveal(world, task, outputs)
        decide(world, cranker, task)
        for index, key in enumerate(runners):
            release(world, task, index, key)
        taken += runners
    assert len(taken) == 60
    assert sum(key in dust for key in taken) <= 2
