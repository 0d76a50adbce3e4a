from collections.abc import Iterator
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from keeper.exact.decisions.questions import question_seed
from keeper.lab.market import judgement as judge
from keeper.lab.market.jobs import claim, post_job, small_graph
from kernels.graph import TensorSpec
from kernels.trace.layout import rows_and_stride
from neurolov_client import verdict
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import QUESTIONS, Outcome, State
from tests.kernels.evidence.record import graphs
from tests.programs.verdict.answering import DELAY, Answering
from tests.programs.verdict.disputing import trace_of
from tests.programs.verdict.judging import ACCEPTS, MISSES, slot_hash
from tests.world import World, unsigned, with_account


def test_the_beacon_asks_what_is_documented(answering: Answering) -> None:
    world = answering.asked().world
    asked_slot = answering.availability.asked_slot
    expected = [answering.question(index) for index in range(QUESTIONS)]
    assert len(set(expected)) > 1
    seed = question_seed(slot_hash(world, asked_slot + 2), answering.job.address)
    for index, (operator, element) in enumerate(expected):
        shown = answering.shown(index)
        sent = world.send(shown.answer(index, answering.terms), signers=[answering.provider])
        event = sent.only(verdict.ElementAnswered)
        assert isinstance(event, verdict.ElementAnswered)
        assert (event.question, event.operator, event.element) == (index, operator, element)
        assert (event.job, event.shown_by) == (answering.job.address, answering.provider.key)
        assert event.answered == (2 << index) - 1 == answering.availability.answered
        assert event.state == answering.account.state
        assert answering.availability.seed == seed
        assert event.envelope.sequence == answering.account.sequence
        assert sent.units <= 40_000


def test_eight_answers_ask_more_verifiers(answering: Answering) -> None:
    world = answering.asked().answered(*range(7)).world
    assert answering.account.state == State.ANSWERING
    answering.answered(7)
    account = answering.account
    assert (account.state, account.outcome) == (State.COMMITTED, Outcome.NONE)
    assert (account.committed_slot, account.draws) == (world.slot, 1)
    answering.drawn()
    answering.tallied({ballot: ACCEPTS for ballot, _ in answering.ballots(2)})
    assert answering.account.state == State.COMMITTED
    answering.drawn()
    answering.tallied({ballot: ACCEPTS for ballot, _ in answering.ballots(3)})
    assert answering.account.outcome == Outcome.ACCEPTED
    judge.settle(world, answering.cranker, answering.job)
    assert answering.job_account.state == JobState.SETTLED


def test_elements_of_a_transformer_are_answered(world: World) -> None:
    graph, stages = graphs()["attention"]
    answering = Answering(world, trace_of(graph, None, *stages).witness).asked().answered()
    assert answering.account.state == State.COMMITTED


def test_without_further_seats_what_was_shown_is_public(world: World) -> None:
    answering = Answering(world, seats=3).asked().answered()
    answering.drawn()
    account = answering.account
    assert (account.state, account.outcome) == (State.DECIDED, Outcome.UNVERIFIED)
    assert account.window_end == world.slot + world.parameters.verdict.public_slots


def test_after_the_third_draw_what_was_shown_is_public(world: World) -> None:
    answering = Answering(world, seats=9)
    answering.committed()
    for draw in (1, 2, 3):
        answering.drawn()
        numbers = [number for number, _ in answering.ballots(draw)]
        answering.tallied(dict.fromkeys(numbers[:draw], MISSES))
    account = answering.account
    assert (account.state, account.draws) == (State.ANSWERING, 3)
    world.warp_to(account.availability.asked_slot + DELAY)
    answering.answered()
    account = answering.account
    assert (account.state, account.outcome) == (State.DECIDED, Outcome.UNVERIFIED)
    assert account.window_end == world.slot + world.parameters.verdict.public_slots


@pytest.mark.parametrize("late", [0, 1])
def test_attack_21_the_time_to_answer_ends(answering: Answering, late: int) -> None:
    world = answering.asked().world
    shown = answering.shown(0)
    world.warp_to(answering.availability.deadline + late)
    if late:
        world.fails("AnswersClosed", shown.answer(0, answering.terms), signers=[answering.provider])
    else:
        world.send(shown.answer(0, answering.terms), signers=[answering.provider])
        assert answering.availability.answered == 1


def test_attack_21_nothing_is_answered_before_it_is_asked(answering: Answering) -> None:
    world = answering.asked(known=False).world
    shown = answering.challenge(0, 0, answering.provider).prepare(world, ticket=False)
    for slot in (0, DELAY - 1):
        world.warp_to(answering.availability.asked_slot + slot)
        world.fails(
            "SlotHashUnavailable", shown.answer(0, answering.terms), signers=[answering.provider]
        )
    world.warp(1)
    world.send(answering.shown(0).answer(0, answering.terms), signers=[answering.provider])


def test_a_question_is_answered_once(answering: Answering) -> None:
    world = answering.asked().answered(2).world
    world.fails(
        "AlreadyAnswered",
        answering.shown(2).answer(2, answering.terms),
        signers=[answering.provider],
    )


@pytest.mark.parametrize("index", [QUESTIONS, 255])
def test_there_are_eight_questions(answering: Answering, index: int) -> None:
    world = answering.asked().world
    shown = answering.shown(0)
    world.fails(
        "NoSuchQuestion", shown.answer(index, answering.terms), signers=[answering.provider]
    )


def test_evidence_of_another_operator_answers_nothing(answering: Answering) -> None:
    world = answering.asked().world
    operators = [answering.question(index)[0] for index in range(QUESTIONS)]
    index = next(index for index, operator in enumerate(operators) if operator != 3)
    elsewhere = answering.challenge(3, 0, answering.provider).prepare(world, ticket=False)
    world.fails(
        "WrongDescriptor", elsewhere.answer(index, answering.terms), signers=[answering.provider]
    )


def test_altered_evidence_answers_nothing(answering: Answering) -> None:
    world = answering.asked().world
    shown = answering.shown(0)
    altered = shown.with_evidence(shown.evidence[:-1] + bytes([shown.evidence[-1] ^ 1]))
    assert altered.staged == shown.staged
    world.fails("WrongOperand", altered.answer(0, answering.terms), signers=[answering.provider])
    short = replace(shown, evidence=shown.evidence[:-1], tail_bytes=shown.tail_bytes - 1)
    world.fails("WrongLength", short.answer(0, answering.terms), signers=[answering.provider])


def stored_elements(output: TensorSpec) -> Iterator[int]:
    """Yields the index of every element as it is stored, the padding of rows left out."""
    rows, stride = rows_and_stride(output.shape, output.dtype)
    for row in range(rows):
        first = row * (stride // output.dtype.size)
        yield from range(first, first + output.shape[3])


def test_a_wrong_element_answers_nothing_and_convicts(world: World) -> None:
    graph = small_graph()
    lies = {operator: set(stored_elements(spec)) for operator, spec in enumerate(graph.outputs)}
    answering = Answering(world, trace_of(graph, lies).witness).asked()
    shown = answering.shown(0)
    world.fails("ElementIsWrong", shown.answer(0, answering.terms), signers=[answering.provider])
    proof = answering.challenge(*answering.question(0)).prepare(world)
    world.send(proof.prove(), signers=[answering.challenger])
    assert answering.account.outcome == Outcome.FRAUD
    world.fails("WrongState", shown.answer(0, answering.terms), signers=[answering.provider])
    world.send(answering.slash())
    world.send(answering.void(), signers=[answering.cranker])
    assert answering.job_account.state == JobState.VOIDED


def test_anybody_answers_for_the_provider(answering: Answering) -> None:
    world = answering.asked().world
    for index, stranger in enumerate((answering.buyer, answering.member(0))):
        shown = answering.shown(index, stranger)
        sent = world.send(shown.answer(index, answering.terms), signers=[stranger])
        event = sent.only(verdict.ElementAnswered)
        assert isinstance(event, verdict.ElementAnswered)
        assert event.shown_by == stranger.key
    assert answering.availability.answered == 0b11


def test_another_s_buffer_is_refused(answering: Answering) -> None:
    world = answering.asked().world
    own, other = answering.shown(0), answering.shown(0, answering.buyer)
    attempt = with_account(own.answer(0, answering.terms), own.buffer, other.buffer)
    world.fails("Unauthorized", attempt, signers=[answering.provider])


def test_accounts_of_another_job_are_refused(answering: Answering) -> None:
    world = answering.asked().world
    other = post_job(world, answering.buyer, answering.job.graph)
    claim(world, answering.provider, other)
    shown = answering.shown(0)
    attempt = with_account(shown.answer(0, answering.terms), answering.job.address, other.address)
    world.fails("JobMismatch", attempt, signers=[answering.provider])
    opening = verdict.open_verdict(payer=answering.provider.key, job=other.address)
    world.send(opening, signers=[answering.provider])
    foreign = with_account(
        shown.answer(0, answering.terms), answering.address, verdict.verdict_address(other.address)
    )
    world.fails("JobMismatch", foreign, signers=[answering.provider])
    elsewhere = replace(shown, job=other).prepare(world, ticket=False)
    borrowed = with_account(shown.answer(0, answering.terms), shown.buffer, elsewhere.buffer)
    world.fails("JobMismatch", borrowed, signers=[answering.provider])


def test_attack_3_other_slot_hashes_are_refused(answering: Answering) -> None:
    world = answering.asked().world
    sysvar = Pubkey.from_string("SysvarS1otHashes111111111111111111111111111")
    attempt = with_account(
        answering.shown(0).answer(0, answering.terms), sysvar, answering.provider.key
    )
    world.fails("ConstraintAddress", attempt, signers=[answering.provider])


def test_without_questions_nothing_is_answered(answering: Answering) -> None:
    world = answering.balloting().world
    shown = answering.challenge(0, 0, answering.provider).prepare(world, ticket=False)
    world.fails("WrongState", shown.answer(0, answering.terms), signers=[answering.provider])


def test_attack_1_whoever_shows_must_sign(answering: Answering) -> None:
    world = answering.asked().world
    attempt = unsigned(answering.shown(0).answer(0, answering.terms), answering.provider.key)
    world.fails("AccountNotSigner", attempt)
