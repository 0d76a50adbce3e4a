from typing import Any

from solders.instruction import Instruction

from keeper.lab.market.stakers import pool, position, seat
from neurolov_client import SYSTEM_PROGRAM, escrow, staking
from tests.programs.forging import copied
from tests.programs.staking.conftest import COLLATERAL, STAKED, WEIGHT
from tests.world import NLOV, Actor, World, unsigned


def stake(owner: Actor, amount: int = NLOV, **accounts: Any) -> Instruction:
    named: dict[str, Any] = {"owner": owner.key, "source": owner.tokens}
    return staking.stake(amount=amount, **(named | accounts))


def test_moves_the_tokens_and_counts_them(world: World, owner: Actor, other: Actor) -> None:
    sent = world.send(stake(owner, 5), signers=[owner])
    staked = position(world, owner)
    assert (staked.amount, pool(world).total_staked) == (STAKED + 5, 2 * STAKED + 5)
    assert world.tokens(staking.stake_vault_address()) == 2 * STAKED + 5
    assert world.tokens(owner) == STAKED - 5
    event = sent.only(staking.Staked)
    assert (event.owner, event.amount) == (owner.key, 5)
    assert (event.staked, event.total_staked) == (STAKED + 5, 2 * STAKED + 5)
    assert event.envelope.sequence == staked.sequence
    assert position(world, other).amount == STAKED
    assert sent.units <= 40_000
    world.check_conserved()


def test_adds_no_weight_to_a_seat(world: World, owner: Actor) -> None:
    """Collateral alone weighs, and only `add_collateral` binds more of it."""
    seat(world, owner, 3, COLLATERAL)
    world.send(stake(owner, 5), signers=[owner])
    assert world.fetch(staking.VerifierTree, staking.verifiers_address()).total == WEIGHT
    assert position(world, owner).collateral == COLLATERAL


def test_remembers_what_each_window_began_with(world: World, owner: Actor) -> None:
    world.stand()
    window = world.window
    world.send(stake(owner, 5), signers=[owner])
    world.send(stake(owner, 6), signers=[owner])
    latest = position(world, owner).history.ring[0]
    assert (latest.window, latest.amount) == (window, STAKED)
    for history in (pool(world).staked_history, pool(world).lease_history):
        assert (history.ring[0].window, history.ring[0].amount) == (window, STAKED)


def test_refuses_nothing(world: World, owner: Actor) -> None:
    world.fails("ZeroAmount", stake(owner, 0), signers=[owner])


def test_refuses_more_than_there_is(world: World, owner: Actor) -> None:
    world.fails("InsufficientFunds", stake(owner, STAKED + 1), signers=[owner])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(stake(owner), owner.key))


def test_attack_02_another_users_token_account(world: World, owner: Actor, other: Actor) -> None:
    world.fails("WrongOwner", stake(owner, source=other.tokens), signers=[owner])


def test_refuses_anothers_position(world: World, owner: Actor, other: Actor) -> None:
    instruction = stake(owner, position=staking.position_address(other.key))
    world.fails("WrongOwner", instruction, signers=[owner])


def test_attack_03_pool_of_another_program(world: World, owner: Actor) -> None:
    copy = copied(world, staking.pool_address(), owner=escrow.ID)
    world.fails("AccountOwnedByWrongProgram", stake(owner, pool=copy), signers=[owner])


def test_attack_04_one_account_type_as_another(world: World, owner: Actor) -> None:
    pool_address, position_address = staking.pool_address(), staking.position_address(owner.key)
    for wrong in (stake(owner, pool=position_address), stake(owner, position=pool_address)):
        world.fails("AccountDiscriminatorMismatch", wrong, signers=[owner])


def test_attack_06_fake_token_program(world: World, owner: Actor) -> None:
    instruction = stake(owner, token_program=SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", instruction, signers=[owner])


def test_attack_07_source_is_a_vault(world: World, owner: Actor) -> None:
    for vault in (staking.stake_vault_address(), staking.reward_vault_address()):
        world.fails("WrongOwner", stake(owner, source=vault), signers=[owner])


def test_refuses_another_vault(world: World, owner: Actor, other: Actor) -> None:
    world.fails("WrongVault", stake(owner, stake_vault=other.tokens), signers=[owner])


def test_attack_11_the_largest_amount(world: World, owner: Actor) -> None:
    world.fails("Overflow", stake(owner, 2**64 - 1), signers=[owner])
