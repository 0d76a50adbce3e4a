from hashlib import sha256

from keeper.exact.decisions.codes import Choice
from keeper.exact.verification import Ballot, ballot_commitment


def test_the_commitment_binds_every_field() -> None:
    verifier, job = bytes([1] * 32), bytes([2] * 32)
    ballot = Ballot(Choice.REJECT, 7, 1 << 20, bytes([3] * 32))
    body = bytes([2, 7, 0, 0, 0, 0, 0, 16, 0]) + bytes([3] * 32) + verifier + job
    assert ballot_commitment(ballot, verifier, job) == sha256(body).digest()


def test_every_ballot_has_a_salt_of_its_own() -> None:
    assert Ballot.create(Choice.ACCEPT).salt != Ballot.create(Choice.ACCEPT).salt
