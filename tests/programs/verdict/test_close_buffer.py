from tests.programs.verdict.disputing import Disputing
from tests.world import unsigned, with_account


def test_the_rent_returns(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    before = world.bank.balance(challenge.challenger.key)
    world.send(challenge.create(world), challenge.open(), signers=[challenge.challenger])
    assert world.bank.balance(challenge.challenger.key) < before
    world.send(challenge.close(), signers=[challenge.challenger])
    assert world.bank.balance(challenge.challenger.key) == before
    assert not world.exists(challenge.buffer)


def test_the_rent_goes_to_nobody_else(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge().prepare(disputing.world)
    mallory = world.actor("mallory")
    attempt = with_account(challenge.close(), challenge.challenger.key, mallory.key)
    world.fails("Unauthorized", attempt, signers=[mallory])


def test_attack_1_the_challenger_must_sign(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge().prepare(disputing.world)
    world.fails("AccountNotSigner", unsigned(challenge.close(), challenge.challenger.key))
