"""What a transaction costs: its fee, and its share of a block's compute budget.

The figures are Agave's (`cost-model/src/block_cost_limits.rs`, solana-sdk `get_fee_details`).
"""

from collections.abc import Iterable

from solders.account import Account
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey

LAMPORTS_PER_SIGNATURE = 5_000

# Instructions whose first byte counts signatures, each charged like the transaction's own.
_SIGNATURE_PROGRAMS = frozenset(
    Pubkey.from_string(address)
    for address in (
        "Ed25519SigVerify111111111111111111111111111",
        "KeccakSecp256k11111111111111111111111111111",
        "Secp256r1SigVerify1111111111111111111111111",
    )
)
_ACCOUNT_OVERHEAD = 64
_SIGNATURE_UNITS = 720
_WRITE_LOCK_UNITS = 300
_DATA_BYTES_PER_UNIT = 4
_PAGE_BYTES = 32 * 1024
_PAGE_UNITS = 8


def fee(message: Message | MessageV0) -> int:
    """Returns the lamports that `message` pays: by signature, since nothing here has priority."""
    signatures = message.header.num_required_signatures + sum(
        instruction.data[0]
        for instruction in message.instructions
        if message.account_keys[instruction.program_id_index] in _SIGNATURE_PROGRAMS
        and instruction.data
    )
    return signatures * LAMPORTS_PER_SIGNATURE


class LoadedBytes:
    """Counts the bytes that a transaction loads: of each account that exists, data and overhead."""

    def __init__(self) -> None:
        # Reading a program's data copies it, up to a megabyte for every transaction.
        self._programs: dict[tuple[Pubkey, int], int] = {}

    def of(self, accounts: Iterable[tuple[Pubkey, Account | None]]) -> int:
        """Returns the bytes of `accounts`."""
        return sum(
            self._size(key, account) + _ACCOUNT_OVERHEAD
            for key, account in accounts
            if account is not None
        )

    def _size(self, key: Pubkey, account: Account) -> int:
        if not account.executable:
            return len(account.data)
        # A program that is loaded anew has other lamports if its size is another.
        known = (key, account.lamports)
        if known not in self._programs:
            self._programs[known] = len(account.data)
        return self._programs[known]


def cost_units(message: Message | MessageV0, *, write_locks: int, units: int, loaded: int) -> int:
    """Returns the compute units that a block's limit counts for an executed transaction."""
    data = sum(len(instruction.data) for instruction in message.instructions)
    return (
        units
        + message.header.num_required_signatures * _SIGNATURE_UNITS
        + write_locks * _WRITE_LOCK_UNITS
        + data // _DATA_BYTES_PER_UNIT
        + -(-loaded // _PAGE_BYTES) * _PAGE_UNITS
    )
