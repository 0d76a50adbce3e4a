from typing import Any

from solders.instruction import Instruction

from neurolov_client import SYSTEM_PROGRAM, staking
from tests.world import NLOV, Actor, World, unsigned


def fund(funder: Actor, amount: int = 500 * NLOV, **accounts: Any) -> Instruction:
    named: dict[str, Any] = {"funder": funder.key, "source": funder.tokens}
    return staking.fund_emission(amount=amount, **(named | accounts))


def test_fills_the_emission_vault(world: World, owner: Actor) -> None:
    sent = world.send(fund(owner), signers=[owner])
    assert world.tokens(staking.emission_vault_address()) == 500 * NLOV
    event = sent.only(staking.EmissionFunded)
    assert (event.funder, event.amount) == (owner.key, 500 * NLOV)
    assert event.emission_vault == 500 * NLOV
    assert sent.units <= 40_000
    world.check_conserved()


def test_refuses_nothing(world: World, owner: Actor) -> None:
    world.fails("ZeroAmount", fund(owner, 0), signers=[owner])


def test_attack_01_the_funder_must_sign(world: World, owner: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(fund(owner), owner.key))


def test_attack_02_another_users_token_account(world: World, owner: Actor, other: Actor) -> None:
    world.fails("WrongOwner", fund(owner, source=other.tokens), signers=[owner])


def test_attack_06_fake_token_program(world: World, owner: Actor) -> None:
    instruction = fund(owner, token_program=SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", instruction, signers=[owner])


def test_refuses_another_vault(world: World, owner: Actor) -> None:
    instruction = fund(owner, emission_vault=staking.stake_vault_address())
    world.fails("WrongVault", instruction, signers=[owner])
