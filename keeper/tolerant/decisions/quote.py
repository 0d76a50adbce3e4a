"""What a task would cost and how long it would take, by the rules that the chain applies to it."""

from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from keeper.node.decisions.stake import Stake
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.decisions.provider import bond, exposure
from neurolov_client.bindings.redundancy import EXTENSION
from neurolov_client.bindings.staking import Parameters

USUAL_TIPS: Final = 2
"""Crank steps of a task that others take and are tipped for: the decision and one deadline."""
FIRST_STEP: Final = 1
"""Slots from a posting until the first provider can join, and of each further step at least."""


@dataclass(frozen=True, slots=True)
class Staker:
    """A registered provider, with the stake by which it could join; it may not run tasks at all."""

    owner: Pubkey
    stake: Stake
    by_operator: bool


@dataclass(frozen=True, slots=True)
class TaskMarket:
    """What a quote depends on besides the task, as it is in `slot`."""

    slot: int
    checkpoint_slots: int
    parameters: Parameters
    stakers: tuple[Staker, ...]


@dataclass(frozen=True, slots=True)
class TaskQuote:
    """What a task would cost, in base units, and how many slots it would take.

    `locked` is the price of as many runs as may be paid, and the tips. `agreeing` is the cost if
    all of the first runs agree, `undecided` if no runs ever do: half of each committed run is
    burned then. A provider risks `exposure` and `bond` in each run. `able` are those whose stake
    suffices.
    """

    slot: int
    offer: TaskOffer
    locked: int
    burned: int
    agreeing: int
    undecided: int
    exposure: int
    bond: int
    able: tuple[Pubkey, ...]
    providers: int
    best: int
    latest: int

    @property
    def total(self) -> int:
        """What leaves the buyer's account when the task is posted, and the most that is paid."""
        return self.locked + self.burned

    @property
    def returned(self) -> int:
        """What comes back if all of the first runs agree."""
        return self.total - self.agreeing


def task_quote(market: TaskMarket, offer: TaskOffer, buyer: Pubkey | None) -> TaskQuote:
    """Returns what a task costs if it is posted with the offer now."""
    rules = market.parameters.redundancy
    exposed, bonded = exposure(offer, rules), bond(offer, rules)
    window = market.slot // market.checkpoint_slots
    burned = market.parameters.escrow.posting_fee
    tips = USUAL_TIPS * offer.tip
    round_slots = rules.join_slots + rules.run_slots + rules.reveal_slots + rules.compare_slots
    extensions = (offer.max_runs - offer.n) // EXTENSION
    return TaskQuote(
        slot=market.slot,
        offer=offer,
        locked=offer.locked.price + offer.locked.tips,
        burned=burned,
        agreeing=offer.n * offer.price + tips + burned,
        undecided=-(-offer.max_runs * offer.price // 2) + offer.locked.tips + burned,
        exposure=exposed,
        bond=bonded,
        able=tuple(
            each.owner
            for each in market.stakers
            if each.owner != buyer
            and each.stake.weight(window) >= exposed
            and each.stake.exposable(by_operator=each.by_operator) >= exposed + bonded
        ),
        providers=len(market.stakers),
        best=4 * FIRST_STEP,
        latest=(1 + extensions) * (round_slots + 4),
    )
