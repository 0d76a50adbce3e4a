"""How much one transaction carries."""

import pytest
from solders.hash import Hash
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction

from neurolov_client import DESCRIPTORS_PER_TRANSACTION, job_registry

PACKET_BYTES = 1_232


def size(descriptors: int) -> int:
    """Returns the bytes of a transaction that appends so many descriptors."""
    author, graph = Pubkey(bytes([1]) * 32), Pubkey(bytes([2]) * 32)
    data = bytes(job_registry.DESCRIPTOR_BYTES * descriptors)
    appending = job_registry.append_operators(data=data, author=author, graph=graph)
    message = Message.new_with_blockhash([appending], author, Hash.default())
    return len(bytes(Transaction.new_unsigned(message)))


@pytest.mark.parametrize(
    ("descriptors", "fits"),
    [(DESCRIPTORS_PER_TRANSACTION, True), (DESCRIPTORS_PER_TRANSACTION + 1, False)],
)
def test_as_many_descriptors_as_stated_fit_into_a_transaction(descriptors: int, fits: bool) -> None:
    assert (size(descriptors) <= PACKET_BYTES) is fits
