from neurolov_client import verdict
from tests.programs.verdict.disputing import Disputing
from tests.world import unsigned, with_account


def test_a_ticket_says_nothing_but_its_hash(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    sent = world.send(challenge.place(), signers=[challenge.challenger])
    ticket = world.fetch(verdict.Ticket, challenge.ticket)
    assert (ticket.job, ticket.challenger) == (disputing.job.address, challenge.challenger.key)
    assert (ticket.hash, ticket.placed_slot) == (challenge.hash, world.slot)
    assert sent.units <= 40_000


def test_lamports_sent_there_before_do_not_stop_a_ticket(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    world.bank.airdrop(challenge.ticket, 1_000_000)
    world.send(challenge.place(), signers=[challenge.challenger])
    assert world.fetch(verdict.Ticket, challenge.ticket).hash == challenge.hash


def test_a_second_ticket_for_the_job_is_refused(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    world.send(challenge.place(), signers=[challenge.challenger])
    world.warp(1)
    world.fails("AccountAlreadyInUse", challenge.place(), signers=[challenge.challenger])


def test_attack_3_another_address_is_refused(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    mallory = disputing.challenge(challenger=world.actor("mallory"))
    attempt = with_account(mallory.place(), mallory.ticket, challenge.ticket)
    world.fails("ConstraintSeeds", attempt, signers=[mallory.challenger])


def test_attack_1_the_challenger_must_sign(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    world.fails("AccountNotSigner", unsigned(challenge.place(), challenge.challenger.key))
