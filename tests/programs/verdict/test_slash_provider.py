from dataclasses import replace

from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.challenge import slash_provider
from keeper.lab.market.jobs import claim, exposure, post_job, register_provider
from neurolov_client import staking, verdict
from neurolov_client.bindings.verdict import Outcome, State
from tests.programs.verdict.disputing import Disputing, honest_trace
from tests.world import NLOV, World, with_account
from tests.world.governing import enact


def test_the_whole_exposure_is_taken(disputing: Disputing) -> None:
    world = disputing.convicted().world
    amount = exposure(world, disputing.job, disputing.provider).amount
    staked = stakers.position(world, disputing.provider).amount
    held, burned = world.tokens(disputing.job.vault), world.burned()
    sent = world.send(disputing.slash())
    paid = amount // 2
    assert amount == 25 * disputing.job.offer.price == 100 * NLOV
    assert world.burned() - burned == amount - paid
    assert world.tokens(disputing.job.vault) - held == paid
    assert stakers.position(world, disputing.provider).amount == staked - amount
    left = exposure(world, disputing.job, disputing.provider)
    assert (left.amount, left.slashed) == (0, 1)
    receipt, fraud = disputing.receipt, disputing.account.fraud
    assert (receipt.slashed, receipt.burned) == (amount, amount - paid)
    assert (fraud.paid, fraud.slashed) == (paid, 1)
    assert receipt.bounty == fraud.bounty == paid // 2
    event = sent.only(verdict.ProviderSlashed)
    assert isinstance(event, verdict.ProviderSlashed)
    assert (event.provider, event.slashed) == (disputing.provider.key, amount)
    assert sent.units <= 40_000
    world.check_conserved()


def test_the_challenger_earns_its_bounty_and_the_buyer_the_rest(disputing: Disputing) -> None:
    world = disputing.convicted().world
    buyer = world.tokens(disputing.buyer)
    locked = world.tokens(disputing.job.vault)
    lost = exposure(world, disputing.job, disputing.provider)
    world.send(disputing.slash())
    world.send(disputing.void(), signers=[disputing.cranker])
    assert (disputing.account.state, disputing.job_account.state) == (State.SETTLED, 6)
    for party in (disputing.challenger, disputing.cranker):
        judge.withdraw(world, party, disputing.job)
    judge.reclaim(world, disputing.job)
    paid, tip = lost.amount // 2, disputing.job.offer.tip
    bounty = paid // 2
    assert world.tokens(disputing.challenger) == bounty
    assert world.tokens(disputing.cranker) == tip
    assert world.tokens(disputing.buyer) == buyer + locked - tip + paid - bounty + lost.bond
    assert world.tokens(disputing.provider) == 0
    assert not world.exists(disputing.job.vault)
    world.check_conserved()


def test_a_convict_s_other_jobs_are_untouched(disputing: Disputing) -> None:
    world = disputing.committed().world
    other = post_job(world, disputing.buyer, disputing.job.graph)
    claim(world, disputing.provider, other)
    before = exposure(world, other, disputing.provider)
    disputing.challenge().proven(world)
    world.send(disputing.slash())
    assert exposure(world, other, disputing.provider) == before


def test_the_bond_goes_with_the_voided_verdict(disputing: Disputing) -> None:
    world = disputing.convicted().world
    world.fails("ProviderUnslashed", disputing.void(), signers=[disputing.cranker])
    world.send(disputing.slash())
    bond = exposure(world, disputing.job, disputing.provider).bond
    held = world.tokens(disputing.job.vault)
    sent = world.send(disputing.void(), signers=[disputing.cranker])
    assert world.tokens(disputing.job.vault) == held + bond > held
    event = sent.only(verdict.VerdictVoided)
    assert isinstance(event, verdict.VerdictVoided)
    assert (event.outcome, event.blamed) == (Outcome.FRAUD, disputing.provider.key)
    assert sent.units <= 40_000


def test_slashing_twice_is_refused(disputing: Disputing) -> None:
    world = disputing.convicted().world
    world.send(disputing.slash())
    world.fails("AlreadySlashed", disputing.slash())
    world.send(disputing.void(), signers=[disputing.cranker])
    world.fails("AlreadySlashed", disputing.slash())


def test_nobody_is_slashed_without_a_proof(disputing: Disputing) -> None:
    world = disputing.convicted().world
    buyer, provider = disputing.buyer, disputing.provider
    inputs = disputing.claim.inputs_root
    innocent = post_job(world, buyer, disputing.job.graph, input_root=inputs)
    claim(world, provider, innocent)
    judge.commit(world, provider, innocent, root=honest_trace().witness.claim(0, 0).stages[0].root)
    attempt = with_account(
        slash_provider(world, innocent, provider.key),
        verdict.receipt_address(innocent.address),
        verdict.receipt_address(disputing.job.address),
    )
    world.fails("NotProven", attempt)


def test_another_provider_is_not_slashed(disputing: Disputing) -> None:
    world = disputing.convicted().world
    honest = world.actor("honest")
    register_provider(world, honest)
    other = post_job(world, disputing.buyer, disputing.job.graph)
    claim(world, honest, other)
    attempt = with_account(
        disputing.slash(),
        staking.exposure_address(disputing.job.address, disputing.provider.key),
        staking.exposure_address(other.address, honest.key),
    )
    world.fails("JobMismatch", attempt)


def test_another_position_does_not_pay(disputing: Disputing) -> None:
    world = disputing.convicted().world
    honest = world.actor("honest")
    register_provider(world, honest)
    attempt = with_account(
        disputing.slash(),
        staking.position_address(disputing.provider.key),
        staking.position_address(honest.key),
    )
    world.fails("WrongExposure", attempt)


def test_another_vault_gets_nothing(disputing: Disputing) -> None:
    world = disputing.convicted().world
    mallory = world.actor("mallory")
    attempt = with_account(disputing.slash(), disputing.job.vault, mallory.tokens)
    world.fails("JobMismatch", attempt)


def test_the_burned_share_is_that_of_the_job_s_terms(disputing: Disputing) -> None:
    world = disputing.convicted().trap_closed().world
    kept = disputing.terms
    harsher = replace(world.parameters.staking, slash_burn_bps=9_000)
    bounty = replace(world.parameters.verdict, bounty_bps=2_500)
    enact(world, replace(world.parameters, staking=harsher, verdict=bounty))
    burned = world.burned()
    newer = with_account(disputing.slash(), kept, world.terms)
    world.fails("WrongTerms", newer)
    world.send(disputing.slash())
    assert world.burned() == burned + 50 * NLOV
    assert (disputing.receipt.burned, disputing.receipt.bounty) == (50 * NLOV, 25 * NLOV)


def test_an_operator_s_loss_falls_on_the_owner_and_its_budget(world: World) -> None:
    disputing = Disputing(world)
    owner, operator = disputing.provider, world.actor("operator")
    stakers.appoint(world, owner, operator, 200 * NLOV)
    disputing.job = post_job(
        world, disputing.buyer, disputing.job.graph, input_root=disputing.claim.inputs_root
    )
    claim(world, owner, disputing.job, operator)
    disputing.address = verdict.verdict_address(disputing.job.address)
    before = world.bank.balance(operator.key)
    (stage,) = disputing.claim.stages
    judge.commit(world, owner, disputing.job, root=stage.root, operator=operator)
    disputing.challenge().proven(world)
    staked = stakers.position(world, owner).amount
    world.send(disputing.slash())
    held = stakers.position(world, owner)
    assert held.amount == staked - 100 * NLOV
    assert held.operator_budget == 100 * NLOV
    world.send(disputing.void(), signers=[disputing.cranker])
    bond = disputing.job.offer.price // 10
    assert stakers.position(world, owner).operator_budget == 100 * NLOV - bond
    world.send(disputing.close())
    assert world.bank.balance(operator.key) == before
