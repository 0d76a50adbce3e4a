from random import Random
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import position, seat
from neurolov_client import staking
from tests.programs.forging import Caller
from tests.programs.staking.conftest import COLLATERAL, STAKED
from tests.programs.staking.exposures import exposure, forfeit, lock, slash, unlock
from tests.world import Actor, World, unsigned


def naming(owner: Actor, operator: Pubkey, budget: int = 500, **accounts: Any) -> Instruction:
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


@pytest.mark.parametrize("seed", range(6))
def test_an_operator_never_loses_more_than_its_budget(
    world: World, owner: Actor, seed: int
) -> None:
    """In any order of exposures, releases, timeouts and convictions, of leases and of ballots."""
    random, budget = Random(seed), 500
    operator = world.actor("operator")
    registry, verdict = Caller(world, "job_registry"), Caller(world, "verdict")
    seat(world, owner, 3, COLLATERAL)
    world.send(naming(owner, operator.key, budget), signers=[owner])
    open_jobs: dict[Pubkey, tuple[Caller, Actor]] = {}
    lost = own = 0
    for number in range(60):
        caller = random.choice([registry, verdict])
        signer = random.choice([operator, operator, owner])
        job, amount = Pubkey(number.to_bytes(32, "big")), random.randint(1, 200)
        exposing = lock(job, owner, caller.key, amount, amount // 4, signer=signer)
        held = position(world, owner)
        beyond = held.operator_exposed + amount + amount // 4 > held.operator_budget
        if signer is operator and beyond:
            caller.fails("OperatorBudgetExceeded", exposing)
        else:
            caller.send(exposing)
            open_jobs[job] = caller, signer
        if random.random() < 0.7 and open_jobs:
            job = random.choice(list(open_jobs))
            caller, signer = open_jobs.pop(job)
            before = position(world, owner).amount
            if random.random() < 0.3:
                verdict.send(forfeit(job, owner, verdict.key, world.treasury))
            exposed = exposure(world, job, owner).amount
            if random.random() < 0.5:
                taken = random.randint(1, exposed)
                verdict.send(slash(world, job, owner, taken, world.treasury))
            caller.send(unlock(job, owner, caller.key, close=True, payer=signer))
            loss = before - position(world, owner).amount
            lost, own = lost + loss * (signer is operator), own + loss * (signer is owner)
        held = position(world, owner)
        assert lost + held.operator_budget == budget
        assert 0 <= held.operator_exposed <= held.operator_budget
    assert 0 < lost <= budget
    assert position(world, owner).amount == STAKED - lost - own


def test_refuses_the_owner_as_its_own_operator(world: World, owner: Actor) -> None:
    world.fails("NotOperator", naming(owner, owner.key), signers=[owner])


def test_refuses_anothers_position(world: World, owner: Actor, other: Actor) -> None:
    theirs = staking.position_address(owner.key)
    attempt = naming(other, other.key, position=theirs)
    world.fails("WrongOwner", attempt, signers=[other])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor, other: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(naming(owner, other.key), owner.key))
