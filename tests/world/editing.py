"""Instructions as an attacker would change them, and accounts as nobody can."""

from collections.abc import Callable

from solders.account import Account
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.sandbox import Sandbox


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


def overwrite(sandbox: Sandbox, address: Pubkey, offset: int, data: bytes) -> None:
    """Writes `data` at `offset` into an account that exists."""
    raw = sandbox.bank.account(address)
    assert raw is not None
    stored = bytes(raw.data)
    changed = stored[:offset] + data + stored[offset + len(data) :]
    sandbox.bank.set_account(address, Account(raw.lamports, changed, raw.owner))


def _mapped(instruction: Instruction, change: Callable[[AccountMeta], AccountMeta]) -> Instruction:
    return Instruction(
        instruction.program_id, instruction.data, [change(meta) for meta in instruction.accounts]
    )
