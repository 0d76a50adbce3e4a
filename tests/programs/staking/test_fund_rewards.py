from typing import Any

from solders.instruction import Instruction

from keeper.lab.market.stakers import pool
from neurolov_client import SYSTEM_PROGRAM, staking
from tests.programs.staking.conftest import STAKED
from tests.world import NLOV, Actor, World, unsigned


def fund(funder: Actor, amount: int = 500 * NLOV, **accounts: Any) -> Instruction:
    named: dict[str, Any] = {"funder": funder.key, "source": funder.tokens}
    return staking.fund_rewards(amount=amount, **(named | accounts))


def wide(limbs: tuple[int, ...]) -> int:
    return limbs[0] | limbs[1] << 64


def test_streams_over_the_reward_period(world: World, owner: Actor) -> None:
    sent = world.send(fund(owner), signers=[owner])
    period = world.parameters.staking.reward_period_slots
    funded = pool(world)
    assert funded.period_end == world.slot + period
    assert wide(funded.reward_rate) == (500 * NLOV << 64) // period
    assert world.tokens(staking.reward_vault_address()) == 500 * NLOV
    assert world.tokens(owner) == STAKED - 500 * NLOV
    event = sent.only(staking.RewardsFunded)
    assert (event.funder, event.amount, event.reward_vault) == (
        owner.key,
        500 * NLOV,
        500 * NLOV,
    )
    assert (event.reward_rate, event.period_end) == (wide(funded.reward_rate), funded.period_end)
    assert sent.units <= 40_000


def test_adds_to_what_is_left(world: World, owner: Actor) -> None:
    world.send(fund(owner, 100 * NLOV), signers=[owner])
    start = world.slot
    world.warp(250)
    world.send(fund(owner, 150 * NLOV), signers=[owner])
    funded = pool(world)
    # 50 $NLOV for 250 slots more and 150 for 500: 437.5 slots on average, weighted by amount.
    assert funded.period_end - start - 250 in (437, 438)
    rate = (200 * NLOV << 64) // (funded.period_end - start - 250)
    assert abs(wide(funded.reward_rate) - rate) <= 1 << 64


def test_dust_does_not_stretch_the_stream(world: World, owner: Actor) -> None:
    world.send(fund(owner), signers=[owner])
    end = pool(world).period_end
    for _ in range(5):
        world.warp(50)
        world.send(fund(owner, 1), signers=[owner])
    assert pool(world).period_end == end


def test_refuses_nothing(world: World, owner: Actor) -> None:
    world.fails("ZeroAmount", fund(owner, 0), signers=[owner])


def test_attack_01_the_funder_must_sign(world: World, owner: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(fund(owner), owner.key))


def test_attack_02_another_users_token_account(world: World, owner: Actor, other: Actor) -> None:
    world.fails("WrongOwner", fund(owner, source=other.tokens), signers=[owner])


def test_attack_06_fake_token_program(world: World, owner: Actor) -> None:
    instruction = fund(owner, token_program=SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", instruction, signers=[owner])


def test_attack_07_source_is_a_vault(world: World, owner: Actor) -> None:
    for vault in (staking.stake_vault_address(), staking.reward_vault_address()):
        world.fails("WrongOwner", fund(owner, source=vault), signers=[owner])


def test_attack_11_the_largest_amount(world: World, owner: Actor) -> None:
    world.fails("InsufficientFunds", fund(owner, 2**64 - 1), signers=[owner])


def test_refuses_another_vault(world: World, owner: Actor) -> None:
    instruction = fund(owner, reward_vault=staking.stake_vault_address())
    world.fails("WrongVault", instruction, signers=[owner])
