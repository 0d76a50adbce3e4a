"""Movements of $NLOV around an escrow, told by its events."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from neurolov_client import SHARDS, Event, escrow

BURNED: Final = "burned"
FEES: Final = "fee vault"
VAULT: Final = "job vault"
RETURNED: Final = "returned"
CREDIT: Final = "credit"


@dataclass(frozen=True, slots=True)
class Movement:
    """Base units of $NLOV that went from one party to another, and their purpose."""

    slot: int
    source: str
    target: str
    amount: int
    purpose: str


def places(work: Pubkey) -> dict[Pubkey, str]:
    """Returns the names of the token accounts that belong to no party of a job or task."""
    return {escrow.vault_address(work): VAULT} | {
        escrow.fees_address(shard): FEES for shard in range(SHARDS)
    }


def escrow_movements(event: Event, name: Callable[[Pubkey], str]) -> Iterator[Movement]:
    """Yields the movements that an event of an escrow tells of; `name` names a party."""
    match event:
        case escrow.Locked():
            buyer = name(event.buyer)
            yield Movement(event.envelope.slot, buyer, BURNED, event.burned, "posting and urgency")
            yield Movement(event.envelope.slot, buyer, VAULT, event.vault, "locked")
        case escrow.CreditPaid():
            yield Movement(event.envelope.slot, VAULT, name(event.party), event.amount, CREDIT)
        case escrow.FeeCollected():
            yield Movement(event.envelope.slot, VAULT, FEES, event.amount, "fee")
        case escrow.Reclaimed() | escrow.UnpostedRefunded():
            yield Movement(event.envelope.slot, VAULT, name(event.buyer), event.amount, RETURNED)
