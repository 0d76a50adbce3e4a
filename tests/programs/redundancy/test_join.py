import hashlib
import math
from typing import Any

import pytest

from idl.client import SYSTEM_PROGRAM, redundancy, staking
from idl.client.bindings.redundancy import RunState, State
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.stakers import pool, position, stake
from keeper.lab.market.tasks import PostedTask, join, joining, post, stored
from tests.world import NLOV, Actor, World, unsigned

PARAMS = LOCALNET_PARAMETERS.redundancy

BOND = NLOV // 10


def first_slot(world: World, task: PostedTask, owner: Actor) -> int:
    """Returns the first slot in which the provider may join, by the formula in real numbers."""
    posted = stored(world, task).posted_slot
    hashes = dict(world.bank.slot_hashes())
    parts = bytes(hashes[posted]), bytes(task.address), bytes(owner.key)
    lot = int.from_bytes(hashlib.sha256(b"".join(parts)).digest()[:8], "little")
    held = position(world, owner)
    share = (held.amount - held.exposed) / pool(world).total_staked
    wait = PARAMS.claim_scale_slots * -math.log((lot + 1) / 2**64) / share
    return posted + 1 + min(math.ceil(wait), PARAMS.claim_max_delay_slots)


def test_locks_a_bond(world: World, task: PostedTask, members: list[Actor]) -> None:
    owner = members[0]
    sent = join(world, owner, task)
    held = stored(world, task)
    run = held.runs[0]
    assert (run.provider, run.bond, run.round) == (owner.key, BOND, 1)
    assert (run.state, run.joined_slot) == (RunState.JOINED, world.slot)
    assert (held.joined, held.state) == (1, State.JOINING)
    exposure = world.fetch(staking.Exposure, staking.exposure_address(task.address, owner.key))
    assert (exposure.amount, exposure.bond) == (0, BOND)
    assert position(world, owner).exposed == BOND
    event = sent.only(redundancy.TaskJoined)
    assert (event.run, event.provider, event.bond) == (0, owner.key, BOND)
    assert event.envelope.sequence == held.sequence
    assert sent.units <= 40_000


def test_the_last_one_wanted_starts_the_runs(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    for owner in members[:3]:
        join(world, owner, task)
    held = stored(world, task)
    assert (held.state, held.deadline) == (State.RUNNING, world.slot + PARAMS.run_slots)
    world.fails("WrongState", joining(world, task, members[3]), signers=[members[3]])


def test_turns_follow_from_stake_and_a_later_hash(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    world.warp(1)
    turns = {owner: first_slot(world, task, owner) for owner in members}
    assert len(set(turns.values())) > 1
    owner = min(turns, key=lambda each: turns[each])
    late = max(turns, key=lambda each: turns[each])
    world.warp_to(turns[owner])
    world.send(joining(world, task, owner), signers=[owner])
    world.warp_to(turns[late] - 1)
    world.fails("BeforeTurn", joining(world, task, late), signers=[late])
    world.warp(1)
    world.send(joining(world, task, late), signers=[late])


def test_nobody_joins_before_the_hash_is_known(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    world.fails("BeforeTurn", joining(world, task, members[0]), signers=[members[0]])


def test_the_deadline_is_the_last_slot(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    world.warp_to(stored(world, task).deadline)
    world.send(joining(world, task, members[0]), signers=[members[0]])
    world.warp(1)
    world.fails("DeadlinePassed", joining(world, task, members[1]), signers=[members[1]])


def test_refuses_the_buyer(world: World, task: PostedTask, buyer: Actor) -> None:
    stake(world, buyer, 10 * NLOV)
    world.warp(PARAMS.claim_max_delay_slots + 1)
    world.fails("BuyerIsProvider", joining(world, task, buyer), signers=[buyer])


def test_refuses_a_second_run_of_one_provider(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    join(world, members[0], task)
    world.fails("AlreadyJoined", joining(world, task, members[0]), signers=[members[0]])


@pytest.mark.parametrize("spare", [-1, 0])
def test_needs_the_bond_in_free_stake(
    world: World, task: PostedTask, cranker: Actor, spare: int
) -> None:
    world.mint_to(cranker, BOND + spare)
    stake(world, cranker, BOND + spare)
    world.warp(PARAMS.claim_max_delay_slots + 1)
    if spare < 0:
        refusal = world.fails(
            "InsufficientFreeStake", joining(world, task, cranker), signers=[cranker]
        )
        assert refusal.program == "staking"
    else:
        world.send(joining(world, task, cranker), signers=[cranker])


def test_rounds_the_bond_up(world: World, buyer: Actor, members: list[Actor]) -> None:
    task = post(world, buyer, price=11)
    join(world, members[0], task)
    assert stored(world, task).runs[0].bond == 2


def test_attack_14_a_bond_cannot_leave(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    owner = members[0]
    join(world, owner, task)
    free = position(world, owner).amount - BOND
    ticket = staking.ticket_address(owner.key, 0)

    world.fails(
        "InsufficientFreeStake",
        staking.request_unstake(amount=free + 1, owner=owner.key, ticket=ticket),
        signers=[owner],
    )


def test_refuses_somebody_elses_stake(world: World, task: PostedTask, members: list[Actor]) -> None:
    owner, other = members[:2]
    world.warp(PARAMS.claim_max_delay_slots + 1)
    stolen = redundancy.join(
        owner=owner.key, task=task.address, position=staking.position_address(other.key)
    )
    world.fails("WrongPosition", stolen, signers=[owner])


def test_attack_01_the_provider_must_sign(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    world.fails("AccountNotSigner", unsigned(joining(world, task, members[0]), members[0].key))


def test_attack_10_a_sysvar_that_is_none(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    owner = members[0]
    fake = redundancy.join(owner=owner.key, task=task.address, slot_hashes=members[1].key)
    world.fails("WrongSlotHashes", fake, signers=[owner])


@pytest.mark.parametrize("name", ["staking_program", "system_program"])
def test_attack_06_fake_programs(
    world: World, task: PostedTask, members: list[Actor], name: str
) -> None:
    fake: dict[str, Any] = {name: SYSTEM_PROGRAM if name == "staking_program" else staking.ID}
    attempt = redundancy.join(owner=members[0].key, task=task.address, **fake)
    world.fails("InvalidProgramId", attempt, signers=[members[0]])
