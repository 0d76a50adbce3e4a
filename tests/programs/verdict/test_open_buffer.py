import pytest
from solders.account import Account

from neurolov_client import job_registry, verdict
from neurolov_client.bindings.verdict import HEADER_BYTES
from tests.programs.verdict.disputing import Disputing
from tests.world import unsigned, with_account


def test_an_empty_account_becomes_the_challenger_s_buffer(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    world.send(challenge.create(world), challenge.open(), signers=[challenge.challenger])
    buffer = world.fetch(verdict.Buffer, challenge.buffer)
    assert (buffer.challenger, buffer.payer) == (challenge.challenger.key,) * 2
    assert (buffer.job, buffer.length) == (disputing.job.address, len(challenge.staged))
    raw = world.bank.account(challenge.buffer)
    assert raw is not None
    assert bytes(raw.data)[HEADER_BYTES:] == bytes(buffer.length)


@pytest.mark.parametrize("more", [-1, 1])
def test_another_length_than_the_account_s_is_refused(disputing: Disputing, more: int) -> None:
    world, challenge = disputing.world, disputing.challenge()
    world.send(challenge.create(world), signers=[challenge.challenger])
    attempt = challenge.open(length=len(challenge.staged) + more)
    world.fails("BufferLength", attempt, signers=[challenge.challenger])


def test_opening_twice_is_refused(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    world.send(challenge.create(world), challenge.open(), signers=[challenge.challenger])
    world.fails("ConstraintZero", challenge.open(), signers=[challenge.challenger])


def test_attack_4_an_account_of_another_kind_is_refused(disputing: Disputing) -> None:
    world, challenge = disputing.opened().world, disputing.challenge()
    attempt = with_account(challenge.open(), challenge.buffer, disputing.address)
    world.fails("ConstraintZero", attempt, signers=[challenge.challenger])


def test_attack_2_an_account_of_another_program_is_refused(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    lamports, empty = 10**9, bytes(HEADER_BYTES + len(challenge.staged))
    world.bank.set_account(challenge.buffer, Account(lamports, empty, job_registry.ID))
    attempt = challenge.open()
    world.fails("AccountOwnedByWrongProgram", attempt, signers=[challenge.challenger])


def test_attack_1_the_challenger_must_sign(disputing: Disputing) -> None:
    world, challenge = disputing.world, disputing.challenge()
    world.send(challenge.create(world), signers=[challenge.challenger])
    world.fails("AccountNotSigner", unsigned(challenge.open(), challenge.challenger.key))
