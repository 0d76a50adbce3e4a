"""Evidence counts only for its own job, attempt, operator and position."""

import pytest

from keeper.lab.market import judgement as judge
from keeper.lab.market.challenge import Challenge
from keeper.lab.market.jobs import claim, exposure, post_job
from kernels.evidence import Witness
from neurolov_client import verdict
from neurolov_client.bindings.verdict import Outcome
from tests.kernels.evidence.record import inputs_of
from tests.programs.verdict.disputing import LIE, Disputing, honest_trace, lying_trace
from tests.programs.verdict.judging import OPERATORS
from tests.world import World, with_account


def refused(disputing: Disputing, error: str, challenge: Challenge) -> None:
    """Asserts that the challenge's proof fails with exactly this error."""
    world = disputing.world
    challenge.prepare(world)
    world.fails(error, challenge.prove(), signers=[challenge.challenger])
    challenge.withdraw(world)


def test_a_proof_of_another_job_is_refused(disputing: Disputing) -> None:
    world = disputing.committed().world
    other = post_job(
        world, disputing.buyer, disputing.job.graph, input_root=disputing.claim.inputs_root
    )
    claim(world, disputing.provider, other)
    honest = honest_trace().witness.claim(0, 0).stages[0].root
    judge.commit(world, disputing.provider, other, root=honest)
    lie = disputing.challenge().prepare(world)
    elsewhere = Challenge(lie.challenger, other, lie.operator, lie.element, lie.evidence)
    world.send(elsewhere.place(), signers=[lie.challenger])
    world.warp(2)
    attempt = with_account(elsewhere.prove(), elsewhere.buffer, lie.buffer)
    world.fails("JobMismatch", attempt, signers=[lie.challenger])
    attempt = with_account(lie.prove(), lie.ticket, elsewhere.ticket)
    world.fails("JobMismatch", attempt, signers=[lie.challenger])
    attempt = with_account(lie.prove(), disputing.address, verdict.verdict_address(other.address))
    world.fails("JobMismatch", attempt, signers=[lie.challenger])
    world.send(elsewhere.close_ticket(), signers=[lie.challenger])
    refused(disputing, "WrongOutput", elsewhere)


def test_a_proof_of_another_attempt_is_refused(world: World) -> None:
    """A stage that a successor dropped no longer counts as a result."""
    disputing = Disputing(world, lying_trace().witness)
    disputing.opened()
    stage = disputing.claim.stages[0]
    world.send(disputing.commit(0, 2, root=stage.root), signers=[disputing.provider])
    heir = disputing.lapsed().heir
    claim(world, heir, disputing.job)
    honest = honest_trace().witness.claim(0, 0).stages[0].root
    world.send(disputing.commit(0, OPERATORS, root=honest, owner=heir), signers=[heir])
    refused(disputing, "WrongOutput", disputing.challenge())
    assert disputing.account.outcome == Outcome.NONE


def test_who_committed_the_stage_is_slashed_not_who_finished(world: World) -> None:
    operator, _ = LIE
    split = [(0, operator + 1), (operator + 1, OPERATORS)]
    trace = lying_trace()
    witness = Witness(trace.graph, inputs_of(trace.graph), trace.outputs, split)
    disputing = Disputing(world, witness)
    disputing.opened()
    first, rest = disputing.claim.stages
    world.send(
        disputing.commit(first.first, first.last, root=first.root), signers=[disputing.provider]
    )
    heir = disputing.lapsed().heir
    claim(world, heir, disputing.job)
    world.send(disputing.commit(rest.first, rest.last, root=rest.root, owner=heir), signers=[heir])
    disputing.challenge().proven(world)
    liar, disputing.provider = disputing.provider, heir
    assert disputing.receipt.provider == liar.key
    world.fails("BlameMismatch", disputing.slash(heir))
    world.send(disputing.slash(liar))
    world.send(disputing.void(liar), signers=[disputing.cranker])
    assert exposure(world, disputing.job, liar).amount == 0
    assert exposure(world, disputing.job, heir).slashed == 0


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ((0, LIE[1]), "WrongDescriptor"),
        ((OPERATORS, 0), "UnknownOperator"),
        ((LIE[0], 2**31), "ElementOutOfRange"),
        ((LIE[0], 200), "WrongLength"),
    ],
)
def test_evidence_of_another_place_is_refused(
    disputing: Disputing, place: tuple[int, int], error: str
) -> None:
    disputing.committed()
    lie = disputing.challenge()
    moved = Challenge(lie.challenger, lie.job, *place, lie.evidence)
    refused(disputing, error, moved)


@pytest.mark.parametrize(
    ("name", "at", "error"),
    [
        ("descriptor", 0, "WrongDescriptor"),
        ("output", 256 + 2 * 32, "WrongOutput"),
        ("operand", -1, "WrongOperand"),
    ],
)
def test_a_changed_byte_is_no_evidence(
    disputing: Disputing, name: str, at: int, error: str
) -> None:
    disputing.committed()
    lie = disputing.challenge()
    changed = bytearray(lie.evidence)
    changed[at] ^= 1
    refused(disputing, error, lie.with_evidence(bytes(changed)))


@pytest.mark.parametrize("more", [-1, 1])
def test_evidence_of_another_length_is_refused(disputing: Disputing, more: int) -> None:
    disputing.committed()
    lie = disputing.challenge()
    longer = (lie.evidence + b"\0")[: len(lie.evidence) + more]
    refused(disputing, "WrongLength", lie.with_evidence(longer))


def test_a_graph_or_job_of_another_s_choice_is_refused(disputing: Disputing) -> None:
    world = disputing.committed().world
    lie = disputing.challenge().prepare(world)
    other = post_job(world, disputing.buyer, disputing.job.graph)
    attempt = with_account(lie.prove(), lie.job.address, other.address)
    world.fails("JobMismatch", attempt, signers=[lie.challenger])
    attempt = with_account(lie.prove(), lie.job.graph, other.address)
    world.fails("AccountDiscriminatorMismatch", attempt, signers=[lie.challenger])
