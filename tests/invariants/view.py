"""One reading of all that the programs hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from solders.pubkey import Pubkey

from neurolov_client import escrow, job_registry, staking, verdict
from neurolov_client.bindings.staking import NO_SEAT, Tenure
from tests.world import World


@dataclass(frozen=True, slots=True)
class View:
    """Typed accounts, by what identifies them."""

    pool: staking.Pool
    market: job_registry.Market
    tree: staking.VerifierTree
    snapshots: Sequence[staking.Snapshot]
    positions: dict[Pubkey, staking.Position]
    tickets: dict[Pubkey, staking.Ticket]
    exposures: dict[tuple[Pubkey, Pubkey], staking.Exposure]
    seats: dict[int, staking.Seat]
    providers: dict[Pubkey, job_registry.Provider]
    jobs: dict[Pubkey, job_registry.Job]
    verdicts: dict[Pubkey, verdict.Verdict]
    escrows: dict[Pubkey, escrow.Escrow]
    tokens: dict[Pubkey, int]
    supply: int

    @classmethod
    def of(cls, world: World) -> "View":
        """Reads everything now."""
        exposures = world.all(staking.Exposure).values()
        return cls(
            pool=world.fetch(staking.Pool, staking.pool_address()),
            market=world.fetch(job_registry.Market, job_registry.market_address()),
            tree=world.fetch(staking.VerifierTree, staking.verifiers_address()),
            snapshots=[
                world.fetch(staking.Snapshot, staking.snapshot_address(parity)) for parity in (0, 1)
            ],
            positions={each.owner: each for each in world.all(staking.Position).values()},
            tickets=world.all(staking.Ticket),
            exposures={(each.job, each.owner): each for each in exposures},
            seats={each.index: each for each in world.all(staking.Seat).values()},
            providers={each.owner: each for each in world.all(job_registry.Provider).values()},
            jobs=world.all(job_registry.Job),
            verdicts={each.job: each for each in world.all(verdict.Verdict).values()},
            escrows={each.job: each for each in world.all(escrow.Escrow).values()},
            tokens=world.token_accounts(),
            supply=world.supply(),
        )

    def free(self, owner: Pubkey) -> int:
        """Returns the stake that neither a lease nor a seat holds."""
        position = self.positions[owner]
        leased = position.exposed - position.balloted
        return position.amount - position.collateral - leased

    def room(self, owner: Pubkey) -> int:
        """Returns the collateral that no ballot holds."""
        position = self.positions[owner]
        return position.collateral - position.balloted

    def seated(self, owner: Pubkey) -> bool:
        """Returns whether the owner holds a seat that it has not vacated."""
        position = self.positions[owner]
        return position.seat != NO_SEAT and position.tenure == Tenure.HELD


def seat_weights(sums: Sequence[int]) -> list[int]:
    """Returns each seat's weight.

    The Fenwick tree's element i sums the seats after i - lowest set bit of (i + 1), up to i.
    """
    prefix = [0]
    for index, total in enumerate(sums, start=1):
        prefix.append(prefix[index - (index & -index)] + total)
    return [after - before for before, after in pairwise(prefix)]
