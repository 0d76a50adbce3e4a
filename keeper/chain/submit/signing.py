"""Signed bytes of an operation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from keeper.chain.errors import PermanentError
from keeper.chain.gateway import Blockhash

MAX_TRANSACTION_BYTES = 1232
"""Solana's `PACKET_DATA_SIZE`."""
DEFAULT_UNITS = 200_000
"""Solana's `DEFAULT_INSTRUCTION_COMPUTE_UNIT_LIMIT`."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction as it goes over the wire."""

    wire: bytes
    signature: Signature
    last_valid_block_height: int


def signed(
    instructions: Sequence[Instruction],
    *,
    signers: Sequence[Keypair],
    blockhash: Blockhash,
    compute_units: int | None,
    unit_price: int,
    taken: Callable[[Signature], bool],
) -> Signed:
    """Returns a transaction signed with every key it needs; the first of `signers` pays.

    `unit_price` is in micro-lamports per compute unit. Without `compute_units` the cluster's limit
    per instruction holds, which leaves more room for data. Two operations with equal instructions
    in one slot would be one transaction, so the unit limit grows until the signature is not
    `taken`. Raises PermanentError where the transaction is too large.
    """
    price = [set_compute_unit_price(unit_price)] if unit_price else []
    while True:
        limit = [] if compute_units is None else [set_compute_unit_limit(compute_units)]
        message = MessageV0.try_compile(
            signers[0].pubkey(), [*limit, *price, *instructions], [], blockhash.hash
        )
        needed = message.account_keys[: message.header.num_required_signatures]
        transaction = VersionedTransaction(message, _in_order(signers, needed))
        wire = bytes(transaction)
        if len(wire) > MAX_TRANSACTION_BYTES:
            raise PermanentError(
                f"transaction has {len(wire)} bytes, {MAX_TRANSACTION_BYTES} at most; split it"
            )
        if not taken(transaction.signatures[0]):
            return Signed(wire, transaction.signatures[0], blockhash.last_valid_block_height)
        compute_units = (compute_units or DEFAULT_UNITS) + 1


def instruction_programs(wire: bytes) -> list[Pubkey]:
    """Returns the program of each instruction of signed bytes."""
    message = VersionedTransaction.from_bytes(wire).message
    return [message.account_keys[each.program_id_index] for each in message.instructions]


def _in_order(signers: Sequence[Keypair], needed: Sequence[Pubkey]) -> list[Keypair]:
    keys = {signer.pubkey(): signer for signer in signers}
    missing = [str(key) for key in needed if key not in keys]
    if missing:
        raise PermanentError(f"nobody signs for {', '.join(missing)}; add its key")
    return [keys[key] for key in needed]
