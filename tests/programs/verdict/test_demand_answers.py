import pytest

from neurolov_client import verdict
from neurolov_client.bindings.verdict import Outcome, State
from tests.programs.verdict.answering import DELAY, Answering
from tests.programs.verdict.judging import ACCEPTS, MISSES, REJECTS
from tests.world import World, unsigned


def test_a_buyer_gets_the_data_or_the_stake(answering: Answering) -> None:
    world = answering.decided(ACCEPTS).world
    sent = world.send(answering.demand(), signers=[answering.buyer])
    assert sent.units <= 10_000
    account = answering.account
    assert (account.state, account.outcome) == (State.ANSWERING, Outcome.NONE)
    assert account.availability.asked_slot == world.slot
    deadline = world.slot + world.parameters.verdict.answer_slots
    assert account.availability.deadline == deadline
    event = sent.only(verdict.AnswersDemanded)
    assert isinstance(event, verdict.AnswersDemanded)
    assert (event.job, event.answer_deadline) == (answering.job.address, deadline)
    world.warp_to(deadline + 1)
    world.send(answering.expire(), signers=[answering.cranker])
    assert answering.account.outcome == Outcome.WITHHELD


def test_answers_ask_more_verifiers(answering: Answering) -> None:
    world = answering.decided(ACCEPTS).world
    world.send(answering.demand(), signers=[answering.buyer])
    world.warp(DELAY)
    answering.answered()
    assert (answering.account.state, answering.account.draws) == (State.COMMITTED, 1)
    world.fails("WrongState", answering.demand(), signers=[answering.buyer])
    answering.drawn()
    answering.tallied({ballot: ACCEPTS for ballot, _ in answering.ballots(2)})
    assert answering.account.outcome == Outcome.ACCEPTED
    world.fails("AlreadyAsked", answering.demand(), signers=[answering.buyer])


def test_a_disputed_result_can_be_asked_for(answering: Answering) -> None:
    world = answering.decided(REJECTS).world
    assert answering.account.state == State.DISPUTED
    world.send(answering.demand(), signers=[answering.buyer])
    assert answering.account.state == State.ANSWERING


@pytest.mark.parametrize("late", [0, 1])
def test_attack_21_the_window_ends(answering: Answering, late: int) -> None:
    world = answering.decided(ACCEPTS).world
    world.warp_to(answering.account.window_end + late)
    if late:
        world.fails("DemandClosed", answering.demand(), signers=[answering.buyer])
    else:
        world.send(answering.demand(), signers=[answering.buyer])


def test_what_is_not_decided_cannot_be_asked_for(answering: Answering) -> None:
    world = answering.balloting().world
    world.fails("WrongState", answering.demand(), signers=[answering.buyer])


def test_what_is_not_paid_for_cannot_be_asked_for(answering: Answering) -> None:
    world = answering.asked().answered().drawn().world
    answering.tallied({ballot: MISSES for ballot, _ in answering.ballots(2)})
    assert answering.account.outcome == Outcome.UNAVAILABLE
    world.fails("DemandClosed", answering.demand(), signers=[answering.buyer])


def test_nobody_but_the_buyer_asks(world: World) -> None:
    answering = Answering(world)
    answering.decided(ACCEPTS)
    for stranger in (answering.provider, answering.member(0)):
        world.fails("Unauthorized", answering.demand(stranger), signers=[stranger])


def test_attack_1_the_buyer_must_sign(answering: Answering) -> None:
    world = answering.decided(ACCEPTS).world
    world.fails("AccountNotSigner", unsigned(answering.demand(), answering.buyer.key))
