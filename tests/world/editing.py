"""Instructions as an attacker would change them."""

from collections.abc import Callable

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey


def unsigned(instruction: Instruction, key: Pubkey) -> Instruction:
    """Returns the instruction with `key` no longer marked as a signer."""
    return _mapped(
        instruction,
        lambda meta: AccountMeta(
            meta.pubkey, meta.is_signer and meta.pubkey != key, meta.is_writable
        ),
    )


def with_account(instruction: Instruction, old: Pubkey, new: Pubkey) -> Instruction:
    """Returns the instruction with account `old` replaced by `new` wherever it is passed."""
    return _mapped(
        instruction,
        lambda meta: (
            AccountMeta(new, meta.is_signer, meta.is_writable) if meta.pubkey == old else meta
        ),
    )


def _mapped(instruction: Instruction, change: Callable[[AccountMeta], AccountMeta]) -> Instruction:
    return Instruction(
        instruction.program_id, instruction.data, [change(meta) for meta in instruction.accounts]
    )
