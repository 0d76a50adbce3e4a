"""The plan of a staging: what fits where, and that nothing is lost on the way."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.chain.errors import PermanentError
from keeper.chain.gateway import Blockhash
from keeper.chain.submit.signing import MAX_TRANSACTION_BYTES, Signed, signed
from keeper.exact.disputes import (
    FIRST_BYTES,
    JUDGEMENT_UNITS,
    TAIL_BYTES,
    WRITE_BYTES,
    Challenge,
    EvidenceBuffer,
)

OWNER = Keypair.from_seed(bytes(range(32)))
JOB, GRAPH, STAKER = (Pubkey(bytes([number] * 32)) for number in (1, 2, 3))
RENT = 10**8


def buffer(evidence: bytes, operator: int = 3, element: int = 70_000) -> EvidenceBuffer:
    return EvidenceBuffer(OWNER.pubkey(), JOB, operator, element, evidence)


def challenge(evidence: bytes) -> Challenge:
    return Challenge(buffer(evidence), GRAPH, bytes(32), beneficiary=STAKER)


def as_sent(*instructions: Instruction, units: int | None = None) -> Signed:
    return signed(
        instructions,
        signers=[OWNER],
        blockhash=Blockhash(Hash.default(), 1),
        compute_units=units,
        unit_price=0,
        taken=lambda _: False,
    )


@given(st.binary(max_size=4_000))
def test_pieces_and_tail_are_the_evidence(evidence: bytes) -> None:
    plan = buffer(evidence)
    joined = plan.body[:FIRST_BYTES] + b"".join(piece for _, piece in plan.pieces(FIRST_BYTES))
    assert joined + plan.tail == evidence
    assert len(plan.tail) == min(TAIL_BYTES, len(evidence))
    assert plan.space == 112 + len(plan.body)
    for offset, piece in plan.pieces():
        assert plan.body[offset : offset + len(piece)] == piece != b""


def test_every_transaction_is_as_full_as_a_packet_allows() -> None:
    plan = challenge(bytes(12_000))
    first = plan.buffer.body[:FIRST_BYTES]
    opening = [plan.buffer.create(RENT), plan.buffer.open(), plan.place_ticket()]
    sizes = [
        len(as_sent(*opening, plan.buffer.write(0, first)).wire),
        *(
            len(as_sent(plan.buffer.write(offset, piece)).wire)
            for offset, piece in list(plan.buffer.pieces(FIRST_BYTES))[:-1]
        ),
        len(as_sent(plan.prove(), units=JUDGEMENT_UNITS).wire),
    ]
    assert all(MAX_TRANSACTION_BYTES - 8 <= size <= MAX_TRANSACTION_BYTES for size in sizes)


def test_more_than_a_packet_holds_is_refused() -> None:
    plan = buffer(bytes(12_000))
    with pytest.raises(PermanentError, match="split it"):
        as_sent(plan.write(0, bytes(WRITE_BYTES + 8)))


def test_places_of_a_job_have_buffers_of_their_own_that_a_restart_finds() -> None:
    addresses = {
        buffer(b"", operator, element).address for operator in range(4) for element in range(4)
    }
    assert len(addresses) == 16
    assert buffer(b"one", 1, 2).address == buffer(b"other", 1, 2).address
    elsewhere = EvidenceBuffer(OWNER.pubkey(), GRAPH, 1, 2, b"")
    assert elsewhere.address not in addresses


def test_the_ticket_hides_the_place_behind_the_salt() -> None:
    plan = challenge(b"")
    place = (3).to_bytes(4, "little") + (70_000).to_bytes(4, "little")
    body = place + bytes(OWNER.pubkey()) + bytes(32)
    assert plan.hash == hashlib.sha256(body).digest()
    assert Challenge(plan.buffer, GRAPH, bytes([1] * 32)).hash != plan.hash


def test_equal_transactions_are_told_apart_by_a_limit() -> None:
    plan = buffer(bytes(1_000))
    once = as_sent(plan.write(0, b"same"))
    again = signed(
        [plan.write(0, b"same")],
        signers=[OWNER],
        blockhash=Blockhash(Hash.default(), 1),
        compute_units=None,
        unit_price=0,
        taken=lambda signature: signature == once.signature,
    )
    assert again.signature != once.signature
