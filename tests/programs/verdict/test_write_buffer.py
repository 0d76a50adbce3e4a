import pytest

from keeper.lab.market.challenge import Challenge
from neurolov_client.bindings.verdict import HEADER_BYTES
from tests.programs.verdict.disputing import Disputing
from tests.world import unsigned, with_account


@pytest.fixture
def opened(disputing: Disputing) -> Challenge:
    """A challenge whose buffer is open and empty."""
    challenge = disputing.challenge()
    world = disputing.world
    world.send(challenge.create(world), challenge.open(), signers=[challenge.challenger])
    return challenge


def test_bytes_land_where_they_are_meant_for(disputing: Disputing, opened: Challenge) -> None:
    world, end = disputing.world, len(opened.staged)
    for offset, data in [(end - 2, b"zz"), (0, b"aaa"), (1, b"b"), (end, b"")]:
        world.send(opened.write(offset, data), signers=[opened.challenger])
    raw = world.bank.account(opened.buffer)
    assert raw is not None
    assert bytes(raw.data)[HEADER_BYTES:] == b"aba".ljust(end - 2, b"\0") + b"zz"


@pytest.mark.parametrize("offset", [-1, 1, 2**31])
def test_attack_11_bytes_beyond_the_end_are_refused(
    disputing: Disputing, opened: Challenge, offset: int
) -> None:
    attempt = opened.write(len(opened.staged) + offset, b"zz")
    disputing.world.fails("BeyondBuffer", attempt, signers=[opened.challenger])


def test_another_s_buffer_is_refused(disputing: Disputing, opened: Challenge) -> None:
    mallory = disputing.world.actor("mallory")
    attempt = with_account(opened.write(0, b"z"), opened.challenger.key, mallory.key)
    disputing.world.fails("Unauthorized", attempt, signers=[mallory])


def test_attack_4_another_account_is_not_written(disputing: Disputing, opened: Challenge) -> None:
    disputing.opened()
    attempt = with_account(opened.write(0, b"z"), opened.buffer, disputing.address)
    disputing.world.fails("AccountDiscriminatorMismatch", attempt, signers=[opened.challenger])


def test_attack_1_the_challenger_must_sign(disputing: Disputing, opened: Challenge) -> None:
    attempt = unsigned(opened.write(0, b"z"), opened.challenger.key)
    disputing.world.fails("AccountNotSigner", attempt)


def test_writing_costs_little(disputing: Disputing, opened: Challenge) -> None:
    write = opened.write(0, bytes(len(opened.staged)))
    assert disputing.world.send(write, signers=[opened.challenger]).units <= 10_000
