from tests.programs.verdict.disputing import Disputing
from tests.world import unsigned, with_account


def test_the_rent_returns_and_another_ticket_can_be_placed(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    before = world.bank.balance(challenge.challenger.key)
    world.send(challenge.place(), signers=[challenge.challenger])
    world.send(challenge.close_ticket(), signers=[challenge.challenger])
    assert not world.exists(challenge.ticket)
    assert world.bank.balance(challenge.challenger.key) == before
    world.send(challenge.place(), signers=[challenge.challenger])


def test_another_s_ticket_is_refused(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    world.send(challenge.place(), signers=[challenge.challenger])
    mallory = world.actor("mallory")
    attempt = with_account(challenge.close_ticket(), challenge.challenger.key, mallory.key)
    world.fails("Unauthorized", attempt, signers=[mallory])


def test_attack_1_the_challenger_must_sign(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    world.send(challenge.place(), signers=[challenge.challenger])
    attempt = unsigned(challenge.close_ticket(), challenge.challenger.key)
    world.fails("AccountNotSigner", attempt)
