import hashlib
from dataclasses import replace

import pytest
from solders.instruction import AccountMeta, Instruction

from neurolov_client import verdict
from neurolov_client.bindings.verdict import TICKET_AGE, Choice, Outcome, State
from tests.programs.verdict.disputing import LIE, Disputing, honest_trace
from tests.programs.verdict.judging import ACCEPTS, MISSES
from tests.world import NLOV, World, unsigned, with_account

REJECTS = (Choice.REJECT, *LIE)


def test_a_lie_is_proven_by_one_element(disputing: Disputing) -> None:
    world, challenge = disputing.committed().world, disputing.challenge()
    sent = challenge.proven(world)
    account, receipt = disputing.account, disputing.receipt
    assert (account.state, account.outcome) == (State.DECIDED, Outcome.FRAUD)
    assert (account.window_end, account.fraud.slashed) == (world.slot, 0)
    assert account.fraud.challenger == challenge.challenger.key
    assert (receipt.job, receipt.graph) == (disputing.job.address, disputing.job.graph)
    assert (receipt.operator, receipt.element, receipt.stage) == (*LIE, 0)
    assert receipt.committed == receipt.expected ^ 1
    assert receipt.provider == disputing.provider.key
    assert receipt.challenger == challenge.challenger.key
    assert receipt.input_root == disputing.claim.inputs_root
    assert receipt.stage_root == disputing.claim.stages[0].root
    assert receipt.evidence == hashlib.sha256(challenge.evidence).digest()
    assert (receipt.slot, receipt.slashed, receipt.burned, receipt.bounty) == (world.slot, 0, 0, 0)
    event = sent.only(verdict.FraudProven)
    assert isinstance(event, verdict.FraudProven)
    assert (event.job, event.provider) == (receipt.job, receipt.provider)
    assert (event.expected, event.committed) == (receipt.expected, receipt.committed)
    assert event.envelope.sequence == account.sequence
    challenge.withdraw(world)


def test_a_right_element_convicts_nobody(world: World) -> None:
    disputing = Disputing(world, honest_trace().witness)
    disputing.committed()
    challenge = disputing.challenge().prepare(world)
    world.fails("ElementIsRight", challenge.prove(), signers=[challenge.challenger])
    challenge.withdraw(world)


def test_a_rejecting_ballot_is_a_right_to_prove(judged: Disputing) -> None:
    world = judged.balloting().world
    rejecter, other = judged.member(0), judged.member(1)
    judged.voted({0: REJECTS, 1: ACCEPTS, 2: MISSES})
    for stranger in (judged.challenger, other):
        challenge = judged.challenge(challenger=stranger).prepare(world, ticket=False)
        for accepting in (1, 2):
            world.fails("NotEntitled", challenge.prove(ballot=accepting), signers=[stranger])
        world.fails("NoSuchBallot", challenge.prove(ballot=3), signers=[stranger])
    elsewhere = judged.challenge(LIE[0], LIE[1] + 1, rejecter).prepare(world, ticket=False)
    world.fails("NotEntitled", elsewhere.prove(ballot=0), signers=[rejecter])
    challenge = judged.challenge(challenger=rejecter).prepare(world, ticket=False)
    world.send(challenge.prove(ballot=0), signers=[rejecter])
    assert judged.account.outcome == Outcome.FRAUD
    assert judged.account.fraud.challenger == rejecter.key


def test_anybody_proves_for_the_verifier_that_rejects(judged: Disputing) -> None:
    world = judged.balloting().world
    rejecter, stranger = judged.member(0), judged.challenger
    judged.voted({0: REJECTS, 1: ACCEPTS, 2: MISSES})
    sent = world.send(
        judged.challenge(challenger=stranger).prepare(world, ticket=False).prove(ballot=0),
        signers=[stranger],
    )
    event = sent.only(verdict.FraudProven)
    assert isinstance(event, verdict.FraudProven)
    assert event.challenger == judged.account.fraud.challenger == rejecter.key
    world.send(judged.slash())
    world.send(judged.void(), signers=[judged.cranker])
    bounty = judged.account.fraud.bounty
    assert bounty == 25 * NLOV
    fee = judged.job.offer.verification_fee
    credited = judged.credited
    assert credited[rejecter.key] == bounty + fee
    assert stranger.key not in credited


def test_a_ticket_and_a_ballot_are_two_rights(judged: Disputing) -> None:
    world = judged.balloting().world
    judged.voted({0: REJECTS, 1: ACCEPTS, 2: MISSES})
    challenge = judged.challenge().prepare(world)
    own = challenge.ticket
    neither = with_account(challenge.prove(), own, verdict.ID)
    world.fails("NotEntitled", neither, signers=[challenge.challenger])
    both = with_account(challenge.prove(ballot=0), own, own)
    ticketed = [meta.pubkey for meta in challenge.prove().accounts]
    swapped = Instruction(
        both.program_id,
        both.data,
        [
            AccountMeta(key, meta.is_signer, meta.is_writable)
            for key, meta in zip(ticketed, both.accounts, strict=True)
        ],
    )
    world.fails("NotEntitled", swapped, signers=[challenge.challenger])


def test_a_ticket_names_who_earns_the_bounty(disputing: Disputing) -> None:
    world, owner = disputing.committed().world, disputing.world.actor("cold owner")
    challenge = replace(disputing.challenge(), beneficiary=owner)
    sent = challenge.proven(world)
    event = sent.only(verdict.FraudProven)
    assert isinstance(event, verdict.FraudProven)
    assert event.challenger == disputing.receipt.challenger == owner.key
    world.send(disputing.slash())
    world.send(disputing.void(), signers=[disputing.cranker])
    assert disputing.credited[owner.key] == disputing.account.fraud.bounty == 25 * NLOV
    assert challenge.challenger.key not in disputing.credited


def test_a_hidden_ballot_is_no_right_yet(judged: Disputing) -> None:
    world = judged.balloting().world
    rejecter = judged.member(0)
    world.send(judged.cast(0, REJECTS), signers=[rejecter])
    challenge = judged.challenge(challenger=rejecter).prepare(world, ticket=False)
    world.fails("NotEntitled", challenge.prove(ballot=0), signers=[rejecter])


@pytest.mark.parametrize("vote", [ACCEPTS, REJECTS, MISSES])
def test_a_decided_result_can_still_be_proven_wrong(
    judged: Disputing, vote: tuple[Choice, int, int]
) -> None:
    world = judged.decided(vote).world
    judged.challenge().proven(world)
    assert (judged.account.state, judged.account.outcome) == (State.DECIDED, Outcome.FRAUD)


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize("vote", [ACCEPTS, REJECTS])
def test_attack_21_a_challenge_ends_with_its_window(
    judged: Disputing, vote: tuple[Choice, int, int], late: int
) -> None:
    world = judged.decided(vote).world
    challenge = judged.challenge().prepare(world)
    world.warp_to(judged.account.window_end + late)
    if late:
        world.fails("ChallengeClosed", challenge.prove(), signers=[challenge.challenger])
    else:
        world.send(challenge.prove(), signers=[challenge.challenger])
        world.fails("NotPayable", judged.settle(), signers=[judged.cranker])


def test_a_paid_result_is_final(judged: Disputing) -> None:
    world = judged.settled().world
    challenge = judged.challenge().prepare(world)
    world.fails("WrongState", challenge.prove(), signers=[challenge.challenger])


def test_nothing_is_proven_before_the_result_is_committed(disputing: Disputing) -> None:
    world = disputing.opened().world
    stage = disputing.claim.stages[0]
    world.send(disputing.commit(0, 2, root=stage.root), signers=[disputing.provider])
    challenge = disputing.challenge().prepare(world)
    world.fails("WrongState", challenge.prove(), signers=[challenge.challenger])


def test_a_second_proof_is_refused(disputing: Disputing) -> None:
    world = disputing.convicted().world
    second = disputing.challenge(challenger=world.actor("second")).prepare(world)
    world.fails("AlreadyProven", second.prove(), signers=[second.challenger])


@pytest.mark.parametrize("age", [0, TICKET_AGE - 1])
def test_attack_21_a_young_ticket_is_refused(disputing: Disputing, age: int) -> None:
    world, challenge = disputing.committed().world, disputing.challenge()
    challenge.prepare(world, ticket=False)
    world.send(challenge.place(), signers=[challenge.challenger])
    if age:
        world.warp(age)
    world.fails("TicketTooYoung", challenge.prove(), signers=[challenge.challenger])
    world.warp(TICKET_AGE - age)
    world.send(challenge.prove(), signers=[challenge.challenger])


def test_a_ticket_for_another_element_is_refused(disputing: Disputing) -> None:
    world, challenge = disputing.committed().world, disputing.challenge()
    challenge.prepare(world, ticket=False)
    world.send(disputing.challenge(LIE[0], LIE[1] + 1).place(), signers=[challenge.challenger])
    world.warp(TICKET_AGE)
    world.fails("WrongTicket", challenge.prove(), signers=[challenge.challenger])


def test_another_s_buffer_is_refused(disputing: Disputing) -> None:
    world, challenge = disputing.committed().world, disputing.challenge().prepare(disputing.world)
    copy = disputing.challenge(challenger=world.actor("mallory"))
    world.send(copy.place(), signers=[copy.challenger])
    world.warp(TICKET_AGE)
    attempt = with_account(copy.prove(), copy.buffer, challenge.buffer)
    world.fails("Unauthorized", attempt, signers=[copy.challenger])


def test_attack_3_another_receipt_is_refused(disputing: Disputing) -> None:
    world, challenge = disputing.committed().world, disputing.challenge().prepare(disputing.world)
    receipt = verdict.receipt_address(disputing.job.address)
    attempt = with_account(challenge.prove(), receipt, world.actor("mallory").key)
    world.fails("ConstraintSeeds", attempt, signers=[challenge.challenger])


def test_attack_1_the_challenger_must_sign(disputing: Disputing) -> None:
    world, challenge = disputing.committed().world, disputing.challenge().prepare(disputing.world)
    world.fails("AccountNotSigner", unsigned(challenge.prove(), challenge.challenger.key))
