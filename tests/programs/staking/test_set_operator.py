from solders.instruction import Instruction
from solders.pubkey import Pubkey

from idl.client import staking
from keeper.lab.market.stakers import position
from tests.programs.forging import Caller
from tests.programs.staking.conftest import COLLATERAL, STAKED
from tests.programs.staking.exposures import lock, unlock
from tests.world import Actor, World, unsigned


def naming(owner: Actor, operator: Pubkey, budget: int = 500, **accounts: Pubkey) -> Instruction:
    return staking.set_operator(operator=operator, budget=budget, owner=owner.key, **accounts)


def test_names_an_operator_and_its_budget(world: World, owner: Actor) -> None:
    operator = world.actor("operator")
    sent = world.send(naming(owner, operator.key), signers=[owner])
    held = position(world, owner)
    assert (held.operator, held.operator_budget, held.operator_exposed) == (operator.key, 500, 0)
    event = sent.only(staking.OperatorSet)
    assert (event.owner, event.operator) == (owner.key, operator.key)
    assert (event.budget, event.exposed) == (500, 0)
    assert sent.units <= 10_000


def test_what_an_earlier_operator_exposed_counts_against_the_new_budget(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    former, operator = world.actor("former"), world.actor("operator")
    world.send(naming(owner, former.key), signers=[owner])
    registry.send(lock(job, owner, registry.key, 400, 0, signer=former))
    sent = world.send(naming(owner, operator.key), signers=[owner])
    assert sent.only(staking.OperatorSet).exposed == 400
    second = Pubkey(b"\x08" * 32)
    beyond = lock(second, owner, registry.key, 101, 0, signer=operator)
    registry.fails("OperatorBudgetExceeded", beyond)
    registry.send(unlock(job, owner, registry.key, close=True, payer=former))
    registry.send(beyond)
    assert position(world, owner).operator_exposed == 101


def test_the_default_key_is_no_operator(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    operator = world.actor("operator")
    world.send(naming(owner, operator.key), signers=[owner])
    world.send(naming(owner, Pubkey.default(), 0), signers=[owner])
    assert position(world, owner).operator == Pubkey.default()
    registry.fails("NotOperator", lock(job, owner, registry.key, 1, 0, signer=operator))


def test_an_operator_can_neither_unstake_nor_withdraw_nor_sit_nor_name_another(
    world: World, owner: Actor
) -> None:
    operator = world.actor("operator")
    world.send(naming(owner, operator.key, STAKED), signers=[owner])
    mine = staking.position_address(owner.key)
    ticket = staking.ticket_address(operator.key, 0)
    for attempt in (
        staking.request_unstake(amount=1, owner=operator.key, ticket=ticket, position=mine),
        staking.take_seat(index=3, collateral=COLLATERAL, owner=operator.key, position=mine),
        staking.claim_rewards(owner=operator.key, destination=operator.tokens, position=mine),
        naming(operator, operator.key, 2**64 - 1, position=mine),
    ):
        world.fails("WrongOwner", attempt, signers=[operator])


def test_refuses_the_owner_as_its_own_operator(world: World, owner: Actor) -> None:
    world.fails("NotOperator", naming(owner, owner.key), signers=[owner])


def test_refuses_anothers_position(world: World, owner: Actor, other: Actor) -> None:
    theirs = staking.position_address(owner.key)
    attempt = naming(other, other.key, position=theirs)
    world.fails("WrongOwner", attempt, signers=[other])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor, other: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(naming(owner, other.key), owner.key))
