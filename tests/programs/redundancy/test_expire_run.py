import pytest
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import pool, position, seat
from keeper.lab.market.tasks import PostedTask, commit, expire, expiring, join, post, reveal, stored
from neurolov_client import (
    SHARDS,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
    escrow,
    redundancy,
    shard_of,
    staking,
)
from neurolov_client.bindings.redundancy import RunState, State
from tests.world import NLOV, Actor, World, unsigned, with_account

STAKED = 1_000 * NLOV
BOND = NLOV // 2
EXPOSED = 10 * NLOV


def fee_vault(task: PostedTask) -> Pubkey:
    """Returns the fee vault of the task's shard."""
    return escrow.fees_address(shard_of(task.address))


def test_who_does_not_commit_pays_the_fee_vault(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    silent = runners[2]
    fees, total = fee_vault(running), pool(world).total_staked
    held, collected = world.tokens(running.vault), world.tokens(fees)
    sent = expire(world, cranker, running, 2, silent)
    assert (world.tokens(running.vault), world.tokens(fees)) == (held, collected + BOND)
    assert (position(world, silent).amount, position(world, silent).exposed) == (
        STAKED - BOND,
        EXPOSED,
    )
    assert pool(world).total_staked == total - BOND
    task = stored(world, running)
    assert (task.runs[2].state, task.state) == (RunState.SILENT, State.RUNNING)
    assert (task.crankers[0].party, task.crankers[0].steps) == (cranker.key, 1)
    event = sent.only(redundancy.RunExpired)
    assert (event.run, event.provider, event.bond) == (2, silent.key, BOND)
    assert event.envelope.sequence == task.sequence
    assert sent.units <= 45_000
    world.check_conserved()


def test_who_does_not_reveal_pays_the_fee_vault(
    world: World, revealing: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    reveal(world, revealing, {runners[0]: 0, runners[1]: 1})
    collected = world.tokens(fee_vault(revealing))
    expire(world, cranker, revealing, 2, runners[2])
    assert world.tokens(fee_vault(revealing)) == collected + BOND
    task = stored(world, revealing)
    assert (task.runs[2].state, task.state) == (RunState.SILENT, State.COMPARING)
    assert position(world, runners[2]).amount == STAKED - BOND


def test_too_few_commitments_are_not_revealed(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    commit(world, running, {runners[0]: 0})
    for index in (1, 2):
        expire(world, cranker, running, index, runners[index])
    task = stored(world, running)
    assert (task.state, task.runs[0].state) == (State.DECIDING, RunState.COMMITTED)


def test_a_bond_is_no_part_of_a_seat(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    """Runs expose stake that is not the collateral of a seat, so that no bond lowers its weight."""
    seat(world, members[0], 4, 100 * NLOV)
    for owner in members[:3]:
        join(world, owner, task)
    expire(world, cranker, task, 0, members[0])
    tree = world.fetch(staking.VerifierTree, staking.verifiers_address())
    assert tree.total == 50 * NLOV
    assert position(world, members[0]).collateral == 100 * NLOV


def test_refuses_up_to_the_deadline(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    world.warp_to(stored(world, running).deadline)
    expiry = expiring(world, running, cranker, 0, runners[0])
    world.fails("DeadlineAhead", expiry, signers=[cranker])
    world.warp(1)
    world.send(expiry, signers=[cranker])


def test_refuses_up_to_the_deadline_of_revealing(
    world: World, revealing: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    world.warp_to(stored(world, revealing).deadline)
    expiry = expiring(world, revealing, cranker, 0, runners[0])
    world.fails("DeadlineAhead", expiry, signers=[cranker])
    world.warp(1)
    world.send(expiry, signers=[cranker])


def test_refuses_who_acted_in_time(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    commit(world, running, {runners[0]: 0})
    world.warp_to(stored(world, running).deadline + 1)
    expiry = expiring(world, running, cranker, 0, runners[0])
    world.fails("NothingToExpire", expiry, signers=[cranker])


def test_attack_15_a_bond_is_lost_once(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    expire(world, cranker, running, 0, runners[0])
    expiry = expiring(world, running, cranker, 0, runners[0])
    world.fails("NothingToExpire", expiry, signers=[cranker])


def test_refuses_outside_running_and_revealing(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    join(world, members[0], task)
    expiry = expiring(world, task, cranker, 0, members[0])
    world.warp_to(stored(world, task).deadline + 1)
    world.fails("WrongState", expiry, signers=[cranker])


def test_refuses_a_run_that_is_none(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    world.warp_to(stored(world, running).deadline + 1)
    for index in (3, 7, 255):
        expiry = expiring(world, running, cranker, index, runners[0])
        world.fails("NoSuchRun", expiry, signers=[cranker])


def test_takes_nobody_elses_bond(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    """The silent run's index is passed with another runner's stake."""
    commit(world, running, {runners[0]: 0})
    world.warp_to(stored(world, running).deadline + 1)
    expiry = expiring(world, running, cranker, 1, runners[0])
    world.fails("WrongRun", expiry, signers=[cranker])


def test_takes_no_bond_of_another_task(
    world: World, running: PostedTask, runners: list[Actor], buyer: Actor, cranker: Actor
) -> None:
    other = post(world, buyer)
    for runner in runners:
        join(world, runner, other)
    world.warp_to(stored(world, other).deadline + 1)
    expiry = with_account(
        expiring(world, running, cranker, 0, runners[0]),
        staking.exposure_address(running.address, runners[0].key),
        staking.exposure_address(other.address, runners[0].key),
    )
    world.fails("WrongRun", expiry, signers=[cranker])


def test_the_bond_goes_nowhere_else(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    world.warp_to(stored(world, running).deadline + 1)
    expiry = expiring(world, running, cranker, 0, runners[0])
    another = escrow.fees_address((shard_of(running.address) + 1) % SHARDS)
    for wrong in (cranker.tokens, running.vault, another):
        stolen = with_account(expiry, fee_vault(running), wrong)
        world.fails("WrongVault", stolen, signers=[cranker])
    world.send(expiry, signers=[cranker])


def test_attack_01_the_cranker_must_sign(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    expiry = expiring(world, running, cranker, 0, runners[0])
    world.fails("AccountNotSigner", unsigned(expiry, cranker.key))


@pytest.mark.parametrize("program", [staking.ID, TOKEN_PROGRAM])
def test_attack_06_fake_programs(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor, program: Pubkey
) -> None:
    world.warp_to(stored(world, running).deadline + 1)
    expiry = expiring(world, running, cranker, 0, runners[0])
    fake = with_account(expiry, program, SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", fake, signers=[cranker])
