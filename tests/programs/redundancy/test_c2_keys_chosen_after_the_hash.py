"""Keys that are chosen once the hash of a task is known, with stake that arrives for them."""

import pytest

from keeper.lab.market.stakers import stake
from keeper.lab.market.tasks import (
    PostedTask,
    commit,
    decide,
    empty_escrow,
    join,
    joining,
    post,
    providers,
    release,
    reveal,
    stored,
)
from keeper.node.decisions.claim_order import lot
from neurolov_client.bindings.redundancy import State
from tests.world import NLOV, Actor, World

KEYS = 3_000
STAKED = 1_000 * NLOV
BOND = NLOV // 2
EXPOSED = 10 * NLOV
FEE = NLOV // 20


def luckiest(world: World, task: PostedTask) -> list[Actor]:
    """Returns the three of 3,000 keys with the best lots, once the hash of the posting is known."""
    posted = stored(world, task).posted_slot
    if world.slot <= posted:
        world.warp_to(posted + 1)
    beacon = bytes(dict(world.bank.slot_hashes())[posted])

    def drawn(name: str) -> int:
        return lot(beacon, task.address, world.keypair(name).pubkey())

    names = sorted((f"key {number}" for number in range(KEYS)), key=drawn, reverse=True)
    return [world.actor(name) for name in names[:3]]


@pytest.mark.parametrize("staked", [BOND, EXPOSED + BOND, STAKED])
def test_c2_keys_picked_after_the_hash_take_no_run(
    world: World, buyer: Actor, cranker: Actor, staked: int
) -> None:
    """Three of 3,000 keys took all runs from 3,000 NLOV of honest stake with 0.1 NLOV each.

    Now none of them joins with 0.1, 10.1 or 1,000 NLOV, neither first nor once every turn has
    come. The honest providers run the task and earn 0.95 NLOV each.
    """
    honest = providers(world, 3, staked=STAKED)
    task = post(world, buyer)
    chosen = luckiest(world, task)
    for key in chosen:
        world.mint_to(key, staked)
        stake(world, key, staked)
        world.fails("StandingTooLow", joining(world, task, key), signers=[key])
    for owner in honest:
        join(world, owner, task)
        if stored(world, task).state == State.JOINING:
            for key in chosen:
                world.fails("StandingTooLow", joining(world, task, key), signers=[key])
    assert [run.provider for run in stored(world, task).runs[:3]] == [each.key for each in honest]
    outputs = dict.fromkeys(honest, 1)
    commit(world, task, outputs)
    reveal(world, task, outputs)
    decide(world, cranker, task)
    assert (stored(world, task).state, stored(world, task).paid) == (State.SETTLED, 0b111)
    for index, owner in enumerate(honest):
        release(world, task, index, owner)
    empty_escrow(world, task, [*honest, cranker])
    assert [world.tokens(owner) for owner in honest] == [NLOV - FEE] * 3
    assert [world.tokens(key) for key in chosen] == [0] * 3
    world.check_conserved()


def test_c2_nobody_joins_where_only_chosen_keys_want_to(world: World, buyer: Actor) -> None:
    """Up to the last slot of joining, also without any honest provider."""
    providers(world, 1, staked=STAKED)
    task = post(world, buyer)
    chosen = luckiest(world, task)
    for key in chosen:
        world.mint_to(key, STAKED)
        stake(world, key, STAKED)
    world.warp_to(stored(world, task).deadline)
    for key in chosen:
        world.fails("StandingTooLow", joining(world, task, key), signers=[key])
    assert stored(world, task).joined == 0
