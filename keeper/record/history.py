"""The part of the chain's history that names one owner."""

from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from keeper.chain.feed import Bounds, recent
from keeper.chain.gateway import Gateway
from neurolov_client import (
    Event,
    associated_token_address,
    events_from_logs,
    job_registry,
    staking,
)

DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class LandedEvents:
    """All events of one transaction, in order."""

    signature: Signature
    slot: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class OwnerHistory:
    """What was read, oldest first; nothing about the owner is missing from `from_slot` on.

    `whole` says whether it reaches back to the owner's first transaction. Otherwise `why` says what
    ended it.
    """

    transactions: tuple[LandedEvents, ...]
    from_slot: int
    whole: bool
    why: str = ""


async def owner_history(
    gateway: Gateway, owner: Pubkey, mint: Pubkey, bounds: Bounds, *, asked: str
) -> OwnerHistory:
    """Returns the transactions with events that name an owner's accounts; raises ChainError.

    Credits are paid to its token account, stake moves on its position, and its registration is
    rated when a job ends. Its own key signs what a crank or a challenger does. `asked` says in
    words how far back the bounds reach.
    """
    found = await recent(
        gateway,
        bounds,
        staking.position_address(owner),
        job_registry.provider_address(owner),
        associated_token_address(owner, mint),
        owner,
    )
    landed = [
        LandedEvents(each.signature, each.slot, events)
        for each in found.transactions
        if (events := events_from_logs(each.logs))
    ]
    if found.whole and _begins(landed, owner):
        return OwnerHistory(tuple(landed), found.from_slot, whole=True)
    from_slot = max(found.from_slot, landed[0].slot if landed else 0)
    if found.cut_short:
        why = f"only the latest {bounds.transactions:,} transactions were read"
    elif found.whole:
        why = "this node of the cluster has nothing older"
    else:
        why = asked
    return OwnerHistory(tuple(landed), from_slot, whole=False, why=why)


def _begins(landed: list[LandedEvents], owner: Pubkey) -> bool:
    """Whether the opening of the owner's position is among the events, or it has none at all."""
    positions = [
        event
        for each in landed
        for event in each.events
        if event.PROGRAM == staking.PROGRAM and getattr(event, "owner", None) == owner
    ]
    return not positions or any(isinstance(event, staking.PositionOpened) for event in positions)
