"""Ballots: committed first and revealed later, so that nobody can copy one."""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from keeper.exact.decisions.codes import Choice

SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Ballot:
    """A choice, and for a rejection the first wrong element.

    The salt is secret until the reveal.
    """

    choice: Choice
    operator: int
    element: int
    salt: bytes

    @classmethod
    def create(cls, choice: Choice, operator: int = 0, element: int = 0) -> "Ballot":
        """Returns a ballot with a fresh salt."""
        return cls(choice, operator, element, secrets.token_bytes(SALT_BYTES))


def ballot_commitment(ballot: Ballot, verifier: bytes, job: bytes) -> bytes:
    """Returns SHA256(choice | operator u32 LE | element u32 LE | salt | verifier | job)."""
    body = bytes([ballot.choice]) + ballot.operator.to_bytes(4, "little")
    body += ballot.element.to_bytes(4, "little") + ballot.salt
    return sha256(body + verifier + job).digest()
