"""What an operator's key may do in the registry, and what it can lose."""

import pytest

from neurolov_client import escrow, job_registry, shard_of, staking
from neurolov_client.bindings.job_registry import JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import OFFER, PARAMS, STAKE, Marketplace, collateral
from tests.world import NLOV, unsigned

EXPOSED = sum(collateral(OFFER))


def test_an_operator_claims_for_its_owner(market: Marketplace) -> None:
    owner = market.provider()
    operator = market.operator_of(owner, EXPOSED)
    key, _ = market.posted()
    before = market.lamports(owner.key), market.lamports(operator.key)
    exposed = staking.exposure_address(key, owner.key)
    market.claim(key, owner, operator)
    rent = market.lamports(exposed)
    assert (market.lamports(owner.key), market.lamports(operator.key)) == (
        before[0],
        before[1] - rent,
    )
    lease, position = market.job(key).lease, market.position_of(owner)
    assert (lease.provider, market.provider_of(owner).active) == (owner.key, 1)
    assert (position.exposed, position.operator_exposed) == (EXPOSED, EXPOSED)
    exposure = market.fetch(staking.Exposure, exposed)
    assert (exposure.owner, exposure.payer) == (owner.key, operator.key)
    assert (exposure.by_operator, exposure.ballot) == (1, 0)


def test_an_owner_with_an_operator_still_claims(market: Marketplace) -> None:
    owner = market.provider()
    market.operator_of(owner, 0)
    key, _ = market.posted()
    market.claim(key, owner)
    position = market.position_of(owner)
    assert (position.exposed, position.operator_exposed) == (EXPOSED, 0)
    exposure = market.fetch(staking.Exposure, staking.exposure_address(key, owner.key))
    assert (exposure.payer, exposure.by_operator) == (owner.key, 0)


@pytest.mark.parametrize("budget", [0, EXPOSED - 1])
def test_attack_a_budget_bounds_what_an_operator_exposes(market: Marketplace, budget: int) -> None:
    owner = market.provider()
    operator = market.operator_of(owner, budget)
    key, _ = market.posted()
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, owner, operator)
    refusal = market.fails("OperatorBudgetExceeded", claim, signers=[operator])
    assert refusal.program == "staking"
    market.send(steps.claim(market, key, owner), signers=[owner])


def test_a_budget_counts_all_leases_at_once(market: Marketplace) -> None:
    owner = market.provider()
    operator = market.operator_of(owner, 2 * EXPOSED - 1)
    keys = [market.posted()[0] for _ in range(2)]
    market.claim(keys[0], owner, operator)
    market.warp(PARAMS.claim_max_delay_slots + 1)
    second = steps.claim(market, keys[1], owner, operator)
    market.fails("OperatorBudgetExceeded", second, signers=[operator])
    read = market.job(keys[0])
    market.as_verdict(steps.record_stage(market, keys[0], owner, read.operators, read.macs))
    market.as_verdict(steps.conclude(market, keys[0], owner, JobState.SETTLED, read.macs))
    market.send(steps.release(keys[0], owner, operator))
    assert market.position_of(owner).operator_exposed == 0
    market.send(second, signers=[operator])


def test_a_bond_that_an_operator_loses_lowers_its_budget(market: Marketplace) -> None:
    owner = market.provider()
    operator = market.operator_of(owner, EXPOSED)
    key, _ = market.posted()
    market.claim(key, owner, operator)
    bond = market.job(key).lease.bond
    fees = market.tokens(escrow.fees_address(shard_of(key)))
    market.expire_lease(key, owner, operator)
    position = market.position_of(owner)
    assert (position.operator_budget, position.operator_exposed) == (EXPOSED - bond, 0)
    assert position.amount == STAKE - bond
    assert market.tokens(escrow.fees_address(shard_of(key))) == fees + bond
    other, _ = market.posted()
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, other, owner, operator)
    market.fails("OperatorBudgetExceeded", claim, signers=[operator])


def test_the_payer_of_an_exposure_gets_its_rent_back(market: Marketplace) -> None:
    owner = market.provider()
    operator = market.operator_of(owner)
    key, _ = market.posted()
    market.claim(key, owner, operator)
    read = market.job(key)
    market.as_verdict(steps.record_stage(market, key, owner, read.operators, read.macs))
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, read.macs))
    before = market.lamports(owner.key), market.lamports(operator.key)
    rent = market.lamports(staking.exposure_address(key, owner.key))
    misled = steps.release(key, owner)
    assert market.fails("WrongExposure", misled).program == "staking"
    market.send(steps.release(key, owner, operator))
    assert (market.lamports(owner.key), market.lamports(operator.key)) == (
        before[0],
        before[1] + rent,
    )


def test_attack_a_stranger_claims_for_nobody(market: Marketplace) -> None:
    owner, stranger = market.provider(), market.provider()
    operator = market.operator_of(stranger)
    key, _ = market.posted()
    market.warp(PARAMS.claim_max_delay_slots + 1)
    for signer in (stranger, operator, market.person()):
        claim = steps.claim(market, key, owner, signer)
        market.fails("Unauthorized", claim, signers=[signer])


def test_an_operator_that_was_replaced_claims_nothing(market: Marketplace) -> None:
    owner = market.provider()
    old, new = market.operator_of(owner), market.operator_of(owner)
    key, _ = market.posted()
    market.warp(PARAMS.claim_max_delay_slots + 1)
    market.fails("Unauthorized", steps.claim(market, key, owner, old), signers=[old])
    market.send(steps.claim(market, key, owner, new), signers=[new])


def test_attack_01_the_operator_must_sign(market: Marketplace) -> None:
    owner = market.provider()
    operator = market.operator_of(owner)
    key, _ = market.posted()
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, owner, operator)
    market.fails("AccountNotSigner", unsigned(claim, operator.key))


def test_an_owner_and_its_operator_do_not_take_one_job_twice(market: Marketplace) -> None:
    owner = market.provider()
    operator = market.operator_of(owner)
    key, _ = market.posted()
    market.claim(key, owner, operator)
    market.expire_lease(key, owner, operator)
    market.warp(PARAMS.claim_max_delay_slots + 1)
    for signer in (owner, operator):
        claim = steps.claim(market, key, owner, signer)
        market.fails("ProviderBarred", claim, signers=[signer])


def test_an_operator_registers_and_deregisters_nobody(market: Marketplace) -> None:
    owner = market.provider()
    operator = market.operator_of(owner)
    closing = steps.deregister(operator, provider=job_registry.provider_address(owner.key))
    market.fails("WrongProvider", closing, signers=[operator])


def test_attack_07_a_buyer_is_no_provider_by_its_operator(market: Marketplace) -> None:
    owner = market.provider()
    operator = market.operator_of(owner)
    market.mint_to(owner, 1_000 * NLOV)
    market.send(job_registry.open_buyer(owner=owner.key), signers=[owner])
    key, _ = market.post(owner, market.graph(owner))
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, owner, operator)
    market.fails("BuyerIsProvider", claim, signers=[operator])
