"""What a job or task cost its buyer in the end, and to whom it went."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from keeper.amounts import nlov, sol
from keeper.chain.gateway import Gateway, LandedTransaction
from keeper.node.accounts import escrow_of, tokens_of
from keeper.node.decisions.escrow import Escrow
from keeper.node.transfers import BURNED, FEES, VAULT, Movement, escrow_movements
from neurolov_client import Event, escrow

BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class Payment:
    """Base units that went to a party, or that wait for it where it has not `paid` itself."""

    party: str
    address: str
    amount: int
    paid: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """Where the money of a job or task went, in base units and lamports.

    `locked` went into the vault and `burned` was destroyed at posting. `fee` is the market's share
    of what was paid for the work. `returned` came back to the buyer, and `waiting` is what still
    may. `lamports` is what the buyer paid in SOL, less the rent that came back.
    """

    locked: int
    burned: int
    payments: tuple[Payment, ...]
    fee: int
    returned: int
    waiting: int
    lamports: int

    @property
    def given(self) -> int:
        """What left the buyer's account when the work was posted."""
        return self.locked + self.burned

    @property
    def cost(self) -> int:
        """What the work cost the buyer; what waits for it is not counted."""
        return self.given - self.returned - self.waiting

    @property
    def document(self) -> dict[str, Any]:
        """The bill as JSON values: base units and lamports."""
        return {
            "locked": self.locked,
            "burned": self.burned,
            "payments": [
                {
                    "party": each.party,
                    "address": each.address,
                    "amount": each.amount,
                    "withdrawn": each.paid,
                }
                for each in self.payments
            ],
            "market_fee": self.fee,
            "returned": self.returned,
            "waiting": self.waiting,
            "cost": self.cost,
            "lamports": self.lamports,
        }

    @property
    def lines(self) -> Iterator[str]:
        """The bill as text."""
        for each in self.payments:
            waits = "" if each.paid else ", which it has not withdrawn yet"
            yield f"paid:     {nlov(each.amount)} NLOV to {each.party} {each.address}{waits}"
        if self.fee:
            yield f"paid:     {nlov(self.fee)} NLOV to the market, its fee on the work"
        yield f"burned:   {nlov(self.burned)} NLOV"
        yield f"returned: {nlov(self.returned)} NLOV"
        if self.waiting:
            yield f"waiting:  {nlov(self.waiting)} NLOV that come back to you"
        yield f"cost:     {nlov(self.cost)} NLOV and {sol(self.lamports)} SOL"


async def open_escrow(gateway: Gateway, work: Pubkey) -> Escrow | None:
    """Returns the escrow of a job or task while it exists; raises ChainError."""
    held = await gateway.fetch(escrow.Escrow, escrow.escrow_address(work))
    if held is None:
        return None
    return escrow_of(held, tokens_of(await gateway.account(escrow.vault_address(work))))


def bill_of(
    buyer: Pubkey,
    transactions: Sequence[LandedTransaction],
    events: Sequence[Event],
    held: Escrow | None,
    name: Callable[[Pubkey], str],
) -> Bill:
    """Returns the bill of work by its transactions, its events and its escrow, while that exists.

    `name` names a party. Credits of the buyer, the tips for its own steps, come back to it.
    """
    addresses: dict[str, Pubkey] = {}

    def named(key: Pubkey) -> str:
        known = BUYER if key == buyer else name(key)
        addresses[known] = key
        return known

    moved = [each for event in events for each in escrow_movements(event, named)]
    paid: dict[tuple[str, bool], int] = defaultdict(int)
    for each in moved:
        if each.source == VAULT and each.target not in (FEES, BUYER):
            paid[each.target, True] += each.amount
    for credit in held.credits if held is not None else ():
        if not credit.paid and credit.party != buyer:
            paid[named(credit.party), False] += credit.amount
    due = 0 if held is None else held.fee_due
    return Bill(
        locked=_sum(moved, BUYER, VAULT),
        burned=_sum(moved, BUYER, BURNED),
        payments=tuple(
            Payment(party, str(addresses[party]), amount, withdrawn)
            for (party, withdrawn), amount in paid.items()
        ),
        fee=_sum(moved, VAULT, FEES) + due,
        returned=_sum(moved, VAULT, BUYER),
        waiting=0 if held is None else _waiting(held, buyer),
        lamports=-sum(landed.lamports.get(buyer, 0) for landed in transactions),
    )


def _sum(moved: Sequence[Movement], source: str, target: str) -> int:
    return sum(each.amount for each in moved if (each.source, each.target) == (source, target))


def _waiting(held: Escrow, buyer: Pubkey) -> int:
    """Returns what the vault holds for nobody but the buyer."""
    others = sum(
        credit.amount for credit in held.credits if not credit.paid and credit.party != buyer
    )
    return held.balance - held.fee_due - others
