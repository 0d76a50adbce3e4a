import pytest
from solders.pubkey import Pubkey

from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import (
    claim,
    exposure,
    post_job,
    register_graph,
    small_graph,
)
from kernels.codes import MAX_OPERATORS
from kernels.graph import GraphBuilder
from neurolov_client import job_registry, verdict
from neurolov_client.bindings.verdict import QUESTIONS, Outcome, State
from tests.kernels.graphs import int8
from tests.programs.verdict.answering import Answering
from tests.programs.verdict.disputing import trace_of
from tests.programs.verdict.judging import MISSES
from tests.world import NLOV, Actor, World, unsigned, with_account


def inherited(world: World) -> Answering:
    """The first provider commits operators 0 and 1 and loses its lease; an heir continues."""
    answering = Answering(world, trace_of(small_graph(), None, (0, 2), (2, 4)).witness)
    first, second = answering.claim.stages
    judge.commit(world, answering.provider, answering.job, last=2, root=first.root)
    heir = answering.lapsed().heir
    claim(world, heir, answering.job)
    judge.commit(world, heir, answering.job, first=2, root=second.root)
    answering.drawn()
    answering.tallied({ballot: MISSES for ballot, _ in answering.ballots()})
    world.warp_to(answering.availability.asked_slot + 3)
    return answering


def rating(world: World, owner: Actor) -> job_registry.Provider:
    return world.fetch(job_registry.Provider, job_registry.provider_address(owner.key))


def test_who_shows_nothing_loses_what_a_proof_would_take(answering: Answering) -> None:
    world = answering.silent().world
    place = answering.question(0)
    sent = world.send(answering.expire(), signers=[answering.cranker])
    assert sent.units <= 40_000
    account = answering.account
    assert (account.state, account.outcome) == (State.DECIDED, Outcome.WITHHELD)
    receipt = answering.receipt
    stage = account.stages[0]
    assert (receipt.job, receipt.graph) == (answering.job.address, answering.job.graph)
    assert (receipt.provider, receipt.stage_root) == (stage.provider, stage.root)
    assert receipt.input_root == answering.claim.inputs_root
    assert (receipt.operator, receipt.element, receipt.reason) == (*place, 1)
    assert (receipt.challenger, receipt.evidence) == (Pubkey.default(), bytes(32))
    assert (receipt.expected, receipt.committed, receipt.slot) == (0, 0, world.slot)
    event = sent.only(verdict.DataWithheld)
    assert isinstance(event, verdict.DataWithheld)
    assert (event.job, event.provider) == (answering.job.address, answering.provider.key)
    assert (event.operator, event.element, event.answered, event.stage) == (*place, 0, 0)

    held = exposure(world, answering.job, answering.provider)
    staked = stakers.position(world, answering.provider).amount
    vault, burned = world.tokens(answering.job.vault), world.burned()
    fees = world.tokens(answering.fee_vault)
    world.fails("ProviderUnslashed", answering.void(), signers=[answering.cranker])
    world.send(answering.slash())
    paid = held.amount // 2
    assert world.burned() - burned == held.amount - paid
    assert world.tokens(answering.fee_vault) == fees + paid
    assert (answering.receipt.slashed, answering.receipt.bounty) == (held.amount, 0)
    failed = rating(world, answering.provider).failed
    voided = world.send(answering.void(), signers=[answering.cranker])
    assert voided.units <= 40_000
    assert world.tokens(answering.fee_vault) == fees + paid + held.bond
    assert world.tokens(answering.job.vault) == vault
    assert stakers.position(world, answering.provider).amount == staked - held.amount - held.bond
    assert rating(world, answering.provider).failed == failed + 1
    assert (answering.account.state, answering.job_account.state) == (State.SETTLED, 6)
    escrow = answering.escrow_account
    credited = {each.party: each.amount for each in escrow.credits[: escrow.credit_count]}
    missed = {answering.member(ballot).key: NLOV // 5 for ballot, _ in answering.ballots()}
    assert credited == {**missed, answering.cranker.key: 3 * NLOV // 100}

    before = world.tokens(answering.buyer)
    for party in (*answering.members, answering.cranker):
        judge.withdraw(world, party, answering.job)
    judge.reclaim(world, answering.job)
    offer = answering.job.offer
    locked = offer.price + 9 * offer.verification_fee + 8 * offer.tip
    gained = world.tokens(answering.buyer) - before
    assert gained == locked - sum(credited.values())
    world.check_conserved()


def test_seven_answers_are_as_good_as_none(answering: Answering) -> None:
    world = answering.silent(*range(QUESTIONS - 1)).world
    place = answering.question(QUESTIONS - 1)
    world.send(answering.expire(), signers=[answering.cranker])
    receipt = answering.receipt
    assert (receipt.operator, receipt.element) == place
    world.send(answering.slash())
    assert exposure(world, answering.job, answering.provider).amount == 0


@pytest.mark.parametrize("early", [0, 1])
def test_attack_21_the_time_to_answer_must_pass(answering: Answering, early: int) -> None:
    world = answering.asked().world
    world.warp_to(answering.availability.deadline - early)
    world.fails("AnswersOpen", answering.expire(), signers=[answering.cranker])
    world.warp(early + 1)
    world.send(answering.expire(), signers=[answering.cranker])


def test_what_was_answered_does_not_expire(answering: Answering) -> None:
    world = answering.asked().answered().world
    world.warp_to(answering.availability.deadline + 1)
    world.fails("WrongState", answering.expire(), signers=[answering.cranker])


def test_nothing_expires_twice(answering: Answering) -> None:
    world = answering.expired().world
    world.fails("WrongState", answering.expire(), signers=[answering.cranker])


def test_whoever_holds_the_element_is_blamed(world: World) -> None:
    answering = inherited(world)
    heir = world.actor("heir")
    operator, _ = answering.question(0)
    blamed, innocent = (answering.provider, heir) if operator < 2 else (heir, answering.provider)
    world.warp_to(answering.availability.deadline + 1)
    world.send(answering.expire(), signers=[answering.cranker])
    answering.trap_closed()
    world.fails("BlameMismatch", answering.slash(innocent))
    before = {owner.name: rating(world, owner) for owner in (blamed, innocent)}
    staked = stakers.position(world, innocent).amount
    world.send(answering.slash(blamed))
    world.fails("BlameMismatch", answering.void(innocent), signers=[answering.cranker])
    mixed = with_account(
        answering.void(blamed),
        job_registry.provider_address(blamed.key),
        job_registry.provider_address(innocent.key),
    )
    world.fails("WrongProvider", mixed, signers=[answering.cranker])
    world.send(answering.void(blamed), signers=[answering.cranker])
    assert stakers.position(world, innocent).amount == staked
    assert rating(world, blamed).failed == before[blamed.name].failed + 1
    assert rating(world, innocent) == before[innocent.name]
    world.check_conserved()


def test_questions_whose_hash_is_gone_are_asked_by_a_later_one(answering: Answering) -> None:
    world = answering.asked(known=False).world
    world.warp_to(answering.availability.asked_slot + 2 + 512 + 1 + 600)
    place = answering.question(0)
    world.send(answering.expire(), signers=[answering.cranker])
    assert (answering.receipt.operator, answering.receipt.element) == place


def test_who_withheld_cannot_be_convicted_as_well(answering: Answering) -> None:
    world = answering.silent().world
    proof = answering.challenge(*answering.question(0)).prepare(world)
    world.send(answering.expire(), signers=[answering.cranker])
    world.fails("ChallengeClosed", proof.prove(), signers=[answering.challenger])


def test_a_lie_is_still_proven_after_the_deadline(world: World) -> None:
    graph = small_graph()
    lying = Answering(world, trace_of(graph, {1: {5}}).witness).silent()
    lying.challenge(1, 5).proven(world)
    assert lying.account.outcome == Outcome.FRAUD
    world.fails("WrongState", lying.expire(), signers=[lying.cranker])


def test_accounts_of_another_job_are_refused(answering: Answering) -> None:
    world = answering.silent().world
    other = post_job(world, answering.buyer, answering.job.graph)
    claim(world, answering.provider, other)
    graph = register_graph(world, world.actor("author"))
    for ours, theirs in (
        (answering.job.address, other.address),
        (answering.job.graph, graph),
    ):
        attempt = with_account(answering.expire(), ours, theirs)
        world.fails("JobMismatch", attempt, signers=[answering.cranker])
    attempt = with_account(
        answering.expire(),
        verdict.receipt_address(answering.job.address),
        verdict.receipt_address(other.address),
    )
    world.fails("ConstraintSeeds", attempt, signers=[answering.cranker])


def test_attack_3_other_slot_hashes_are_refused(answering: Answering) -> None:
    world = answering.silent().world
    sysvar = Pubkey.from_string("SysvarS1otHashes111111111111111111111111111")
    attempt = with_account(answering.expire(), sysvar, answering.provider.key)
    world.fails("ConstraintAddress", attempt, signers=[answering.cranker])


def test_attack_1_the_payer_must_sign(answering: Answering) -> None:
    world = answering.silent().world
    world.fails("AccountNotSigner", unsigned(answering.expire(), answering.cranker.key))


def test_reporting_stays_within_its_compute_budget_however_large_the_graph(world: World) -> None:
    build = GraphBuilder()
    layer = build.requantise(build.matmul(build.input((4, 8)), int8(6, 8)), 2**30, 36)
    for _ in range(MAX_OPERATORS - 2):
        layer = build.relu(layer)
    answering = Answering(world, trace_of(build.build()).witness).silent()
    assert world.send(answering.expire(), signers=[answering.cranker]).units <= 40_000
