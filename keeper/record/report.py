"""Everything that is known of one owner: what it holds and is registered as, did and lost."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from solders.pubkey import Pubkey

from keeper.chain.feed import Bounds
from keeper.chain.gateway import Gateway
from keeper.errors import BadInputError
from keeper.exact.decisions.selection import reputation_at
from keeper.exact.roles.accounts import registration_of
from keeper.node.accounts import optional, required
from keeper.node.holding import Holding
from keeper.node.timeline import chain_seconds
from keeper.record.engagements import Engagement, Engagements, Part, Payment
from keeper.record.history import DAY_SECONDS, OwnerHistory, owner_history
from keeper.record.losses import Loss, losses_of
from keeper.record.present import Present, Standing, read_present
from neurolov_client import job_registry, staking
from neurolov_client.bindings.job_registry import REPUTATION_ONE


class UnknownOwnerError(BadInputError):
    """The cluster has seen neither stake nor work of an address."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back a report reads: days, and transactions at most."""

    days: float
    transactions: int

    def bounds(self, now: float) -> Bounds:
        """Returns the bounds as of `now`, in Unix seconds of the chain's clock."""
        return Bounds(int(now - self.days * DAY_SECONDS), self.transactions)


@dataclass(frozen=True, slots=True)
class DayTotals:
    """What a day in UTC brought and cost, in base units."""

    day: str
    paid: int
    rewards: int
    lost: int


@dataclass(frozen=True, slots=True)
class OwnerReport:
    """One owner's record under the current terms; a registration is None where there is none."""

    holding: Holding
    provider: job_registry.Provider | None
    verifier: job_registry.Verifier | None
    terms: staking.Parameters
    history: OwnerHistory
    engagements: Engagements
    losses: tuple[Loss, ...]
    present: Present

    @classmethod
    async def of(cls, gateway: Gateway, owner: Pubkey, reach: Reach) -> Self:
        """Returns the record of an owner.

        Raises UnknownOwnerError where the cluster has never seen the owner, RoleError without
        programs, and ChainError.
        """
        holding = await Holding.of(gateway, owner)
        provider, verifier, terms = await gateway.accounts(
            [
                job_registry.provider_address(owner),
                job_registry.verifier_address(owner),
                staking.terms_address(holding.pool.terms),
            ]
        )
        now = await chain_seconds(gateway) or time.time()
        history = await owner_history(
            gateway,
            owner,
            holding.pool.mint,
            reach.bounds(now),
            asked=f"--days {reach.days:g} was asked for",
        )
        engagements = Engagements(owner).take(history.transactions)
        losses = losses_of(owner, history.transactions)
        present = await read_present(gateway, holding.position, owner, engagements.seen)
        found = cls(
            holding=holding,
            provider=optional(job_registry.Provider, provider),
            verifier=optional(job_registry.Verifier, verifier),
            terms=required(staking.Terms, terms).parameters,
            history=history,
            engagements=engagements,
            losses=tuple(losses),
            present=present,
        )
        if holding.position is None and not found.work:
            raise UnknownOwnerError(
                f"this cluster knows neither stake nor work of {owner}; check the address and "
                "--url; an operator's work is its --owner's; to begin: neurolov stake add AMOUNT"
            )
        return found

    @property
    def reputation(self) -> float:
        """The provider's reputation now, from 0 to 1; 0 without a registration."""
        if self.provider is None:
            return 0.0
        half_life = self.terms.job_registry.reputation_half_life_slots
        left = reputation_at(registration_of(self.provider), self.holding.slot, half_life)
        return left / REPUTATION_ONE

    @property
    def work(self) -> list[tuple[Engagement, Standing]]:
        """Each job and task of the owner's with how it stands now, the latest first.

        Where a step was paid for or will be, and nothing else is known, the owner has cranked.
        """
        known = dict(self.engagements.by_work)
        for work, standing in self.present.standing.items():
            if work not in known and (standing.to_pull or standing.pending):
                known[work] = Engagement(work, slot=self.holding.slot)
        for each in known.values():
            if not each.parts:
                each.parts.add(Part.CRANK)
        rows = [(each, self.present.standing[work]) for work, each in known.items()]
        return sorted(rows, key=lambda row: row[0].slot, reverse=True)

    @property
    def paid(self) -> int:
        """Base units that arrived for work."""
        return sum(each.paid for each in self.engagements.by_work.values())

    @property
    def to_pull(self) -> int:
        """Base units that are credited and wait to be withdrawn."""
        return sum(each.to_pull for each in self.present.standing.values())

    @property
    def pending(self) -> int:
        """The most base units that the ends of the present work can credit."""
        return sum(each.pending for each in self.present.standing.values())

    @property
    def lost(self) -> int:
        """Base units of stake that were lost."""
        return sum(loss.amount for loss in self.losses)

    @property
    def days(self) -> list[DayTotals]:
        """The days on which something came or went, the latest first."""
        work = _by_day(pay for each in self.engagements.by_work.values() for pay in each.payments)
        rewards = _by_day(self.engagements.rewards)
        lost = _by_day(Payment(loss.amount, loss.slot, loss.seconds) for loss in self.losses)
        return [
            DayTotals(day, work.get(day, 0), rewards.get(day, 0), lost.get(day, 0))
            for day in sorted({*work, *rewards, *lost}, reverse=True)
        ]

    def total(self, part: Part, count: str) -> int:
        """Returns the sum of one count over the work in which the owner had this part."""
        return sum(
            getattr(each, count) for each in self.engagements.by_work.values() if part in each.parts
        )


def _by_day(payments: Iterable[Payment]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for payment in payments:
        sums[payment.day] = sums.get(payment.day, 0) + payment.amount
    return sums
