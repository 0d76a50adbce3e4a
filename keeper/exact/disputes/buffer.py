"""Evidence in an account of its signer: what creates the account, fills it and closes it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountWithSeedParams, create_account_with_seed

from neurolov_client import verdict
from neurolov_client.bindings.verdict import HEADER_BYTES

FIRST_BYTES: Final = 708
"""What fits beside the creation of the buffer and a ticket that names a beneficiary."""
WRITE_BYTES: Final = 1_010
TAIL_BYTES: Final = 730
"""What fits beside a proof with a ticket, or beside an answer."""
SEED_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class EvidenceBuffer:
    """Evidence on one element of a job, in an account of `signer`.

    All of it but the last `tail_bytes` goes into the account.
    """

    signer: Pubkey
    job: Pubkey
    operator: int
    element: int
    evidence: bytes
    tail_bytes: int = TAIL_BYTES

    @property
    def body(self) -> bytes:
        """What goes into the account."""
        return self.evidence[: max(0, len(self.evidence) - self.tail_bytes)]

    @property
    def tail(self) -> bytes:
        """What goes with the instruction that reads the account."""
        return self.evidence[len(self.body) :]

    @property
    def space(self) -> int:
        """The account's size in bytes."""
        return HEADER_BYTES + len(self.body)

    @property
    def seed(self) -> str:
        """The same for the same element of a job, so that a restart finds what it uploaded."""
        place = bytes(self.job) + position_bytes(self.operator, self.element)
        return hashlib.sha256(place).hexdigest()[:SEED_DIGITS]

    @property
    def address(self) -> Pubkey:
        """The account's address."""
        return Pubkey.create_with_seed(self.signer, self.seed, verdict.ID)

    def create(self, lamports: int) -> Instruction:
        """Returns what allocates the account with its rent.

        Only `open` in the same transaction makes it ours.
        """
        return create_account_with_seed(
            CreateAccountWithSeedParams(
                from_pubkey=self.signer,
                to_pubkey=self.address,
                base=self.signer,
                seed=self.seed,
                lamports=lamports,
                space=self.space,
                owner=verdict.ID,
            )
        )

    def open(self, length: int | None = None) -> Instruction:
        """Returns what writes the header; `length` is that of the body unless another is given."""
        return verdict.open_buffer(
            length=len(self.body) if length is None else length,
            challenger=self.signer,
            payer=self.signer,
            job=self.job,
            buffer=self.address,
        )

    def begin(self, lamports: int, placing: Sequence[Instruction] = ()) -> list[Instruction]:
        """Returns the first transaction: the account, its rent, `placing` and the first bytes."""
        first = self.body[:FIRST_BYTES]
        writing = [self.write(0, first)] if first else []
        return [self.create(lamports), self.open(), *placing, *writing]

    def write(self, offset: int, data: bytes) -> Instruction:
        """Returns what writes bytes at an offset of the evidence."""
        return verdict.write_buffer(
            offset=offset, bytes=data, challenger=self.signer, buffer=self.address
        )

    def pieces(self, start: int = 0, size: int = WRITE_BYTES) -> Iterator[tuple[int, bytes]]:
        """Yields offset and bytes of each write from `start` on."""
        for offset in range(start, len(self.body), size):
            yield offset, self.body[offset : offset + size]

    def close(self) -> Instruction:
        """Returns what closes the account and takes the rent back."""
        return verdict.close_buffer(challenger=self.signer, buffer=self.address, payer=self.signer)


def position_bytes(operator: int, element: int) -> bytes:
    """Returns operator and element as the programs hash them: u32 little-endian each."""
    return operator.to_bytes(4, "little") + element.to_bytes(4, "little")
