"""The accounts a message names, with those of its address lookup tables."""

from collections.abc import Callable
from dataclasses import dataclass

from solders.account import Account
from solders.address_lookup_table_account import AddressLookupTable
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """Keys in the order that instructions index them: static, loaded writable, loaded readonly."""

    static: tuple[Pubkey, ...]
    loaded_writable: tuple[Pubkey, ...]
    loaded_readonly: tuple[Pubkey, ...]
    writable: frozenset[int]

    @property
    def all(self) -> tuple[Pubkey, ...]:
        """Returns every key, by index."""
        return self.static + self.loaded_writable + self.loaded_readonly


def resolve_keys(
    message: Message | MessageV0, read_account: Callable[[Pubkey], Account | None]
) -> AccountKeys | None:
    """Returns the keys of `message`; None if a lookup table or an index into it does not exist."""
    static = tuple(message.account_keys)
    header = message.header
    writable_signers = header.num_required_signatures - header.num_readonly_signed_accounts
    writable_others = len(static) - header.num_readonly_unsigned_accounts
    called = {instruction.program_id_index for instruction in message.instructions}
    writable = {
        index
        for index in range(len(static))
        if (
            index < writable_signers
            if index < header.num_required_signatures
            else index < writable_others
        )
        and index not in called
    }
    loaded_writable: list[Pubkey] = []
    loaded_readonly: list[Pubkey] = []
    for lookup in message.address_table_lookups if isinstance(message, MessageV0) else ():
        table = read_account(lookup.account_key)
        if table is None:
            return None
        try:
            addresses = AddressLookupTable.deserialize(table.data).addresses
            loaded_writable += [addresses[index] for index in lookup.writable_indexes]
            loaded_readonly += [addresses[index] for index in lookup.readonly_indexes]
        except (ValueError, IndexError):
            return None
    writable.update(range(len(static), len(static) + len(loaded_writable)))
    return AccountKeys(static, tuple(loaded_writable), tuple(loaded_readonly), frozenset(writable))
