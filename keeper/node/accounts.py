"""Accounts as the chain stores them, decoded: what both classes of work need."""

from typing import Final, TypeVar

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey
from solders.token.state import TokenAccount

from keeper.node.decisions.escrow import Credit, Escrow
from keeper.node.decisions.stake import LeasableStake, Stake
from keeper.node.errors import RoleError
from neurolov_client import Account, staking
from neurolov_client import escrow as escrow_program
from neurolov_client.bindings.job_registry import URL_BYTES

AccountType = TypeVar("AccountType", bound=Account)

NOBODY: Final = Pubkey.default()
SLOT_HASH_BYTES: Final = 40


def optional(kind: type[AccountType], raw: RawAccount | None) -> AccountType | None:
    """Returns the decoded account, None where there is none."""
    return None if raw is None else kind.decode(bytes(raw.data), owner=raw.owner)


def owned(kind: type[AccountType], raw: RawAccount | None) -> AccountType | None:
    """Returns the decoded account, None where there is none or another program owns it.

    An event of escrow names the job or the task that it is about without saying which it is.
    """
    if raw is None or raw.owner != kind.PROGRAM_ID:
        return None
    return kind.decode(bytes(raw.data), owner=raw.owner)


def required(kind: type[AccountType], raw: RawAccount | None) -> AccountType:
    """Returns the decoded account; raises RoleError where there is none."""
    found = optional(kind, raw)
    if found is None:
        raise RoleError(
            f"the cluster has no {kind.PROGRAM} {kind.__name__}; deploy the programs or correct "
            "the URL"
        )
    return found


def tokens_of(raw: RawAccount | None) -> int:
    """Returns the base units in a token account, 0 where there is none."""
    return 0 if raw is None else TokenAccount.from_bytes(bytes(raw.data)).amount


def slot_hashes_of(raw: RawAccount | None) -> tuple[tuple[int, bytes], ...]:
    """Returns slot and hash of each entry of the SlotHashes sysvar, the newest first.

    Empty where the sysvar was not read. Its layout is a u64 count, then a u64 slot and 32 bytes of
    hash per entry.
    """
    if raw is None:
        return ()
    data = bytes(raw.data)
    count = int.from_bytes(data[:8], "little")
    entries = (
        data[8 + at * SLOT_HASH_BYTES : 8 + (at + 1) * SLOT_HASH_BYTES] for at in range(count)
    )
    return tuple((int.from_bytes(entry[:8], "little"), entry[8:]) for entry in entries)


def escrow_of(account: escrow_program.Escrow, balance: int) -> Escrow:
    """Returns an Escrow account with its vault's balance in base units."""
    return Escrow(
        final=bool(account.state),
        credits=tuple(
            Credit(entry.party, entry.amount, bool(entry.paid))
            for entry in account.credits[: account.credit_count]
        ),
        fee_due=account.fee_due,
        balance=balance,
        charged=account.credited + account.fee,
    )


def stake_of(position: staking.Position | None) -> Stake:
    """Returns a position as stake that can take work; none of it where there is no position."""
    if position is None:
        return Stake(0, 0, 0, (staking.Checkpoint(window=0, amount=0),))
    leased = position.exposed - position.balloted
    return Stake(
        amount=position.amount,
        lease_room=position.amount - position.collateral - leased,
        operator_room=max(0, position.operator_budget - position.operator_exposed),
        ring=tuple(position.history.ring),
        ballot_room=position.collateral - position.balloted,
    )


def leasable_of(pool: staking.Pool) -> LeasableStake:
    """Returns all stake that can back work."""
    return LeasableStake(pool.total_staked - pool.collateral, tuple(pool.lease_history.ring))


def url_text(field: bytes) -> str:
    """Returns a URL field without its zero padding."""
    return field.rstrip(b"\0").decode("ascii", "replace")


def url_field(url: str) -> bytes:
    """Returns a URL padded with zeros to the field that the chain stores.

    Raises ValueError unless it has 1 to 96 printable ASCII characters.
    """
    data = url.encode("ascii", "replace")
    if not 1 <= len(data) <= URL_BYTES or not url.isascii() or not all(33 <= c < 127 for c in data):
        raise ValueError(f"{url!r} is not a URL of at most {URL_BYTES} ASCII characters")
    return data.ljust(URL_BYTES, b"\0")
