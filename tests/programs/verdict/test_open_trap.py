import pytest

from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import (
    claim,
    exposure,
    post_job,
    small_graph,
)
from kernels.evidence import Witness
from neurolov_client import escrow, job_registry, staking, verdict
from neurolov_client.bindings.staking import CATCH_RATE_ONE
from neurolov_client.bindings.verdict import Outcome, State
from tests.programs.forging import copied
from tests.programs.verdict.disputing import LIE, trace_of
from tests.programs.verdict.judging import ACCEPTS
from tests.programs.verdict.trapping import FEE, REJECTS, SALT, Trapping, trap_of
from tests.world import NLOV, Actor, World, with_account


@pytest.fixture
def trapping(world: World) -> Trapping:
    """A claimed job whose provider is ordered to lie; seven verifiers."""
    return Trapping(world, seats=7)


@pytest.fixture
def sprung(trapping: Trapping) -> Trapping:
    """Two verifiers accepted the lie, one rejected it, and it is proven."""
    return trapping.sprung()


def catch_rate(world: World, owner: Actor) -> int:
    return stakers.position(world, owner).catch_rate


def weights(world: World) -> int:
    return world.fetch(staking.VerifierTree, staking.verifiers_address()).total


def test_a_trap_from_its_order_to_the_slashed_lazy_verifier(sprung: Trapping) -> None:
    world, price = sprung.world, sprung.account.stages[0].price
    lazy, honest = [sprung.member(0), sprung.member(2)], sprung.member(1)
    staked = {each: stakers.position(world, each).amount for each in (*lazy, honest)}
    before, provider = weights(world), stakers.position(world, sprung.provider)
    locked = world.tokens(sprung.job.vault)
    rating = world.fetch(job_registry.Provider, job_registry.provider_address(sprung.provider.key))

    sprung.voided()
    for ballot in (0, 2):
        world.send(sprung.slash_ballot(ballot))
    for ballot in range(3):
        world.send(sprung.release(ballot))
    world.send(sprung.release_exposure())

    for each in lazy:
        assert stakers.position(world, each).amount == staked[each] - 10 * NLOV
        assert catch_rate(world, each) == CATCH_RATE_ONE // 8
    assert stakers.position(world, honest).amount == staked[honest]
    assert catch_rate(world, honest) == CATCH_RATE_ONE // 2 + CATCH_RATE_ONE // 32
    lighter = sum(staked[each] // 2 - (staked[each] - 10 * NLOV) // 8 for each in lazy)
    assert weights(world) == before - lighter + staked[honest] // 32
    after = stakers.position(world, sprung.provider)
    assert (after.amount, after.exposed) == (provider.amount, 0)
    assert (after.catch_rate, price) == (CATCH_RATE_ONE // 2, sprung.account.stages[0].price)
    assert (
        world.fetch(job_registry.Provider, job_registry.provider_address(sprung.provider.key))
        == rating
    )
    tips = sprung.job.offer.tip * 3
    assert sprung.paid == {honest: FEE, sprung.challenger: FEE, sprung.cranker: tips}
    assert world.tokens(sprung.job.vault) == locked
    for party in sprung.paid:
        judge.withdraw(world, party, sprung.job)
    buyer = world.tokens(sprung.buyer)
    judge.reclaim(world, sprung.job)
    assert world.tokens(sprung.buyer) == buyer + locked - 2 * FEE - tips
    world.check_conserved()


def test_opening_says_what_it_was(sprung: Trapping) -> None:
    world = sprung.world
    sent = world.send(sprung.open_trap())
    assert (sprung.account.outcome, sprung.account.state) == (Outcome.TRAP, State.DECIDED)
    receipt = sprung.receipt
    assert (receipt.trap, receipt.slashed, receipt.bounty) == (1, 0, 0)
    event = sent.only(verdict.TrapOpened)
    assert isinstance(event, verdict.TrapOpened)
    assert (event.job, event.provider) == (sprung.job.address, sprung.provider.key)
    assert (event.operator, event.salt) == (LIE[0], SALT)
    assert sent.units <= 10_000


def test_its_provider_keeps_stake_bond_and_rating(sprung: Trapping) -> None:
    world = sprung.world
    held = exposure(world, sprung.job, sprung.provider)
    world.send(sprung.open_trap())
    world.fails("NotProven", sprung.slash())
    sent = world.send(sprung.void(), signers=[sprung.cranker])
    event = sent.only(verdict.VerdictVoided)
    assert isinstance(event, verdict.VerdictVoided)
    assert (event.outcome, event.forfeited) == (Outcome.TRAP, False)
    assert exposure(world, sprung.job, sprung.provider) == held
    assert not [each for each in sent.events if isinstance(each, job_registry.ProviderRated)]
    assert sent.units <= 40_000


def test_releasing_a_catch_stays_within_its_compute_budget(sprung: Trapping) -> None:
    world = sprung.voided().world
    sent = world.send(sprung.release(1))
    event = sent.only(verdict.BallotReleased)
    assert isinstance(event, verdict.BallotReleased)
    assert (event.caught, event.withheld) == (True, False)
    assert sent.units <= 40_000


def test_every_convict_waits_as_long_as_a_trap_may(sprung: Trapping) -> None:
    world = sprung.world
    end = sprung.receipt.slot + world.parameters.verdict.trap_slots
    world.warp_to(end)
    world.fails("TrapOpen", sprung.slash(wait=False))
    world.warp_to(end + 1)
    world.fails("TrapClosed", sprung.open_trap())
    world.send(sprung.slash(wait=False))
    world.fails("TrapClosed", sprung.open_trap())


def test_it_opens_until_its_last_slot(sprung: Trapping) -> None:
    world = sprung.world
    world.warp_to(sprung.receipt.slot + world.parameters.verdict.trap_slots)
    world.send(sprung.open_trap())


def test_opening_twice_is_refused(sprung: Trapping) -> None:
    sprung.world.send(sprung.open_trap())
    sprung.world.fails("NotProven", sprung.open_trap())


def test_another_salt_opens_nothing(sprung: Trapping) -> None:
    sprung.world.fails("WrongTrap", sprung.open_trap(bytes(32)))


def test_an_order_to_somebody_else_saves_nobody(world: World) -> None:
    trapping = Trapping(world, seats=7, trap=trap_of(world.actor("obedient")))
    world.fails("WrongTrap", trapping.sprung().open_trap())


def test_a_lie_in_another_operator_was_not_ordered(world: World) -> None:
    trapping = Trapping(world, seats=7, trap=trap_of(world.actor("provider"), LIE[0] + 1))
    world.fails("WrongTrap", trapping.sprung().open_trap())


def test_nothing_opens_before_a_proof(trapping: Trapping) -> None:
    world = trapping.balloting().world
    trapping.tallied({0: ACCEPTS, 1: REJECTS, 2: ACCEPTS})
    world.fails("AccountOwnedByWrongProgram", trapping.open_trap())


def test_what_others_had_a_part_in_is_no_trap(world: World) -> None:
    operator, element = LIE
    witness: Witness = trace_of(
        small_graph(), {operator: {element}}, (0, operator + 1), (operator + 1, 4)
    ).witness
    trapping = Trapping(world, witness=witness)
    first, second = trapping.claim.stages
    judge.commit(world, trapping.provider, trapping.job, first=0, last=first.last, root=first.root)
    heir = trapping.lapsed().heir
    claim(world, heir, trapping.job)
    judge.commit(world, heir, trapping.job, first=second.first, last=second.last, root=second.root)
    trapping.challenge().proven(world)
    world.fails("TrapShared", trapping.open_trap())


def test_another_job_s_trap_or_receipt_is_refused(sprung: Trapping) -> None:
    world = sprung.world
    other = post_job(world, sprung.buyer, sprung.job.graph, trap=sprung.job.offer.trap)
    foreign = with_account(sprung.open_trap(), sprung.job.address, other.address)
    world.fails("JobMismatch", foreign)
    forged = copied(world, verdict.receipt_address(sprung.job.address), owner=escrow.ID)
    attempt = with_account(sprung.open_trap(), verdict.receipt_address(sprung.job.address), forged)
    world.fails("AccountOwnedByWrongProgram", attempt)


def test_a_price_below_a_fee_bounds_the_reward(world: World) -> None:
    trapping = Trapping(world, seats=7, verification_fee=3 * NLOV).sprung().voided()
    price = trapping.account.stages[0].price
    assert price < 3 * NLOV
    assert trapping.paid[trapping.challenger] == price


def test_a_job_without_a_trap_ends_as_any_fraud(world: World) -> None:
    trapping = Trapping(world, seats=7, trap=bytes(32)).sprung()
    world.fails("WrongTrap", trapping.open_trap())
    world.send(trapping.slash())
    world.send(trapping.void(), signers=[trapping.cranker])
    assert trapping.receipt.trap == 0
    assert trapping.paid[trapping.challenger] > FEE
    sent = world.send(trapping.release(1))
    event = sent.only(verdict.BallotReleased)
    assert isinstance(event, verdict.BallotReleased)
    assert event.caught
    assert stakers.position(world, trapping.provider).catch_rate == CATCH_RATE_ONE // 8
