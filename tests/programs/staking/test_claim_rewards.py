from typing import Any

from solders.instruction import Instruction

from keeper.lab.market.stakers import position, stake
from neurolov_client import SYSTEM_PROGRAM, staking
from tests.programs.forging import donate
from tests.programs.staking.conftest import STAKED
from tests.world import NLOV, Actor, World, unsigned


def claim(owner: Actor, **accounts: Any) -> Instruction:
    named: dict[str, Any] = {"owner": owner.key, "destination": owner.tokens}
    return staking.claim_rewards(**(named | accounts))


def fund(world: World, amount: int) -> None:
    sponsor = world.actor("sponsor", tokens=amount)
    instruction = staking.fund_rewards(amount=amount, funder=sponsor.key, source=sponsor.tokens)
    world.send(instruction, signers=[sponsor])


def test_pays_in_proportion_to_stake(world: World, owner: Actor, other: Actor) -> None:
    stake(world, other, STAKED)
    fund(world, 300 * NLOV)
    world.warp(1_000)
    before = world.tokens(owner), world.tokens(other)
    sent = world.send(claim(owner), signers=[owner])
    world.send(claim(other), signers=[other])
    earned = world.tokens(owner) - before[0]
    assert 0 <= 100 * NLOV - earned <= 1
    assert 0 <= 200 * NLOV - (world.tokens(other) - before[1]) <= 1
    event = sent.only(staking.RewardsClaimed)
    assert (event.owner, event.amount) == (owner.key, earned)
    assert event.reward_vault == 300 * NLOV - earned
    assert position(world, owner).rewards_owed == 0
    assert sent.units <= 40_000
    world.check_conserved()


def test_attack_13_stake_before_a_reward_and_leave_after(world: World, owner: Actor) -> None:
    """Half of the stream passes before ten times the stake arrives for a tenth of it."""
    fund(world, 500 * NLOV)
    world.warp(250)
    whale = world.actor("whale", tokens=9 * STAKED)
    stake(world, whale, 9 * STAKED)
    world.warp(50)
    ticket = staking.ticket_address(whale.key, 0)
    leave = staking.request_unstake(amount=9 * STAKED, owner=whale.key, ticket=ticket)
    world.send(leave, signers=[whale])
    world.warp(1_000)
    world.send(claim(whale), signers=[whale])
    assert 0 <= 45 * NLOV - world.tokens(whale) <= 1
    world.send(claim(owner), signers=[owner])
    assert 0 <= 455 * NLOV - (world.tokens(owner) - STAKED) <= 1


def test_the_stream_waits_while_nobody_stakes(world: World) -> None:
    fund(world, 500 * NLOV)
    world.warp(700)
    late = world.actor("late", tokens=STAKED)
    stake(world, late, STAKED)
    world.warp(500)
    world.send(claim(late), signers=[late])
    assert 0 <= 500 * NLOV - world.tokens(late) <= 1


def test_attack_12_a_donation_changes_no_share(world: World, owner: Actor, other: Actor) -> None:
    """Tokens sent to the vaults become neither reward nor stake."""
    for vault in (staking.stake_vault_address(), staking.reward_vault_address()):
        donate(world, other, vault, 100 * NLOV)
    world.warp(100)
    world.fails("NothingToClaim", claim(owner), signers=[owner])
    assert position(world, owner).amount == STAKED


def test_refuses_when_nothing_is_owed(world: World, owner: Actor) -> None:
    world.fails("NothingToClaim", claim(owner), signers=[owner])


def test_pays_once(world: World, owner: Actor) -> None:
    fund(world, 500 * NLOV)
    world.warp(1_000)
    world.send(claim(owner), signers=[owner])
    world.fails("NothingToClaim", claim(owner), signers=[owner])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(claim(owner), owner.key))


def test_attack_02_another_users_token_account(world: World, owner: Actor, other: Actor) -> None:
    world.fails("WrongOwner", claim(owner, destination=other.tokens), signers=[owner])


def test_attack_06_fake_token_program(world: World, owner: Actor) -> None:
    instruction = claim(owner, token_program=SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", instruction, signers=[owner])


def test_refuses_another_vault(world: World, owner: Actor) -> None:
    instruction = claim(owner, reward_vault=staking.stake_vault_address())
    world.fails("WrongVault", instruction, signers=[owner])
