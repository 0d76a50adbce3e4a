"""Attacks on a challenge, by their numbers."""

import random
from contextlib import suppress

import numpy as np
import pytest
from solders.instruction import Instruction

from keeper.lab.market import stakers
from keeper.lab.market.jobs import exposure, small_graph
from kernels.evidence import Witness
from neurolov_client import ProgramError, escrow, job_registry, shard_of, staking, verdict
from neurolov_client.bindings.verdict import TICKET_AGE, Choice, Outcome, State
from tests.kernels.evidence.committed import Committed
from tests.kernels.evidence.record import inputs_of
from tests.programs.verdict.disputing import LIE, Disputing, honest_trace, lying_trace
from tests.programs.verdict.judging import ACCEPTS
from tests.world import NLOV, Actor, World, with_account

REJECTS = (Choice.REJECT, *LIE)


def test_attack_14_no_stake_leaves_before_the_slash(judged: Disputing) -> None:
    world = judged.decided().world
    provider, verifier = judged.provider, judged.member(0)
    judged.challenge().proven(world)
    for owner in (provider, verifier):
        position = stakers.position(world, owner)
        exposed = exposure(world, judged.job, owner)
        assert position.exposed == exposed.amount + exposed.bond
        attempt = staking.request_unstake(
            amount=position.amount - position.exposed + 1,
            owner=owner.key,
            ticket=staking.ticket_address(owner.key, position.tickets),
        )
        world.fails("InsufficientFreeStake", attempt, signers=[owner])
    releasing = judged.release_exposure()
    world.fails("JobNotEnded", releasing)
    world.fails("WrongState", judged.release(0))
    amount = exposure(world, judged.job, provider).amount
    world.send(judged.slash())
    assert judged.receipt.slashed == amount
    world.send(judged.slash_ballot(0))
    assert exposure(world, judged.job, verifier).amount == 0


def endings(judged: Disputing) -> dict[str, tuple[Instruction, list[Actor]]]:
    """Returns every way to move the money and stake of a job whose fraud is proven."""
    job, cranker = judged.job, judged.cranker
    steps: dict[str, tuple[Instruction, list[Actor]]] = {
        "settle": (judged.settle(), [cranker]),
        "void": (judged.void(), [cranker]),
        "slash": (judged.slash(), []),
        "cancel": (job_registry.cancel(buyer=judged.buyer.key, job=job.address), [judged.buyer]),
        "collect": (
            escrow.collect_fee(
                escrow=job.escrow,
                vault=job.vault,
                fee_vault=escrow.fees_address(shard_of(job.address)),
            ),
            [],
        ),
        "reclaim": (
            escrow.reclaim(
                buyer=judged.buyer.key,
                escrow=job.escrow,
                vault=job.vault,
                destination=judged.buyer.tokens,
            ),
            [],
        ),
        "release provider": (
            judged.release_exposure(),
            [],
        ),
    }
    for ballot in range(3):
        steps[f"slash {ballot}"] = (judged.slash_ballot(ballot), [])
        steps[f"release {ballot}"] = (judged.release(ballot), [])
    parties = [judged.provider, cranker, judged.challenger, *judged.members]
    for index in range(5):
        for party in parties:
            steps[f"withdraw {index} {party.name}"] = (
                escrow.withdraw(
                    index=index, escrow=job.escrow, vault=job.vault, destination=party.tokens
                ),
                [],
            )
    return steps


@pytest.mark.parametrize("seed", range(8))
def test_attack_15_every_order_of_slash_and_payment_pays_once(judged: Disputing, seed: int) -> None:
    world = judged.balloting().world
    judged.tallied({0: ACCEPTS, 1: REJECTS, 2: ACCEPTS})
    judged.challenge().proven(world)
    locked, buyer = world.tokens(judged.job.vault), world.tokens(judged.buyer)
    lost = exposure(world, judged.job, judged.provider)
    staked = {owner.name: stakers.position(world, owner).amount for owner in judged.members}
    steps, order = endings(judged), random.Random(seed)
    for _ in range(6):
        names = list(steps)
        order.shuffle(names)
        for name in names:
            instruction, signers = steps[name]
            with suppress(ProgramError):
                world.send(instruction, signers=signers)
            world.check_conserved()

    paid = lost.amount // 2
    bounty, fee = paid // 2, judged.job.offer.verification_fee
    tips = 3 * judged.job.offer.tip
    assert judged.account.state == State.SETTLED
    assert world.tokens(judged.challenger) == bounty
    assert world.tokens(judged.member(1)) == fee
    assert world.tokens(judged.cranker) == tips
    assert world.tokens(judged.provider) == 0
    rest = locked - fee - tips + paid - bounty + lost.bond
    assert world.tokens(judged.buyer) == buyer + rest
    assert not world.exists(judged.job.vault)
    for ballot, slashed in ((0, 10 * NLOV), (1, 0), (2, 10 * NLOV)):
        member = judged.member(ballot)
        position = stakers.position(world, member)
        assert (position.amount, position.exposed) == (staked[member.name] - slashed, 0)


def test_attack_19_a_copied_challenge_earns_nothing(judged: Disputing) -> None:
    world = judged.balloting().world
    rejecter, copier = judged.member(0), judged.member(1)
    judged.voted({0: REJECTS, 1: ACCEPTS})
    judged.challenge(challenger=rejecter).prepare(world, ticket=False)
    copy = judged.challenge(challenger=copier).prepare(world, ticket=False)
    world.fails("NotEntitled", copy.prove(ballot=1), signers=[copier])
    honest = judged.challenge().prepare(world)
    attempt = with_account(copy.prove(), copy.ticket, honest.ticket)
    world.fails("Unauthorized", attempt, signers=[copier])
    copied = verdict.place_ticket(
        hash=honest.hash, challenger=copier.key, job=judged.job.address, beneficiary=copier.key
    )
    world.send(copied, signers=[copier])
    world.warp(TICKET_AGE)
    world.fails("WrongTicket", copy.prove(), signers=[copier])
    world.send(copy.close_ticket(), copy.place(), signers=[copier])
    world.warp(TICKET_AGE - 1)
    world.fails("TicketTooYoung", copy.prove(), signers=[copier])
    world.send(honest.prove(), signers=[honest.challenger])
    world.warp(1)
    world.fails("AlreadyProven", copy.prove(), signers=[copier])
    assert judged.receipt.challenger == honest.challenger.key


def uncomputed(kind: str) -> list[bytes]:
    """Returns outputs of the small graph that nobody computed, or not for these inputs."""
    if kind == "zero":
        return [bytes(len(each)) for each in honest_trace().outputs]
    if kind == "partly wrong":
        return lying_trace().outputs
    graph = small_graph()
    earlier = [np.roll(each, 1, axis=-1) for each in inputs_of(graph)]
    return Committed(graph, earlier, [(0, len(graph.descriptors))]).outputs


@pytest.mark.parametrize("kind", ["zero", "stale", "partly wrong"])
def test_attack_37_output_that_nobody_computed_is_slashed(world: World, kind: str) -> None:
    graph, outputs, honest = small_graph(), uncomputed(kind), honest_trace()
    witness = Witness(graph, inputs_of(graph), outputs, [(0, len(graph.descriptors))])
    disputing = Disputing(world, witness)
    disputing.committed()
    operator, data = next(
        (at, each) for at, each in enumerate(outputs) if each != honest.outputs[at]
    )
    dtype = graph.outputs[operator].dtype.numpy
    differs = np.frombuffer(data, dtype) != np.frombuffer(honest.outputs[operator], dtype)
    disputing.challenge(operator, int(np.flatnonzero(differs)[0])).proven(world)
    assert disputing.account.outcome == Outcome.FRAUD
    world.send(disputing.slash())
    assert disputing.receipt.slashed > 0
    world.send(disputing.void(), signers=[disputing.cranker])
    assert world.tokens(disputing.provider) == 0
