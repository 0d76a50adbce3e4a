"""A whole marketplace of the tolerant class: a buyer, three providers and a crank."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from keeper.amounts import NLOV
from keeper.data import ReservationKind
from keeper.lab.market.parties import POLL_SECONDS, Offer, Parties, Party, open_parties
from keeper.lab.market.venue import Venue
from keeper.node.eviction import Eviction
from keeper.node.vault import Vault
from keeper.tolerant.roles.buyer import TaskBuyer
from keeper.tolerant.roles.crank import TaskCrank
from keeper.tolerant.roles.mirror import TaskMirror
from keeper.tolerant.roles.posting import TaskPoster
from keeper.tolerant.roles.provider import RunPackage, TaskProvider, TaskProviderTools
from keeper.tolerant.roles.runs import RUNS

TASK_PROVIDERS: Final = tuple(f"task provider {number}" for number in range(1, 4))
QUOTA_BYTES: Final = 1 << 30
TOKENS: Final = 2_000 * NLOV
STAKE: Final = 1_000 * NLOV
# Tasks ask nothing of a provider's offer for jobs.
OFFER: Final = Offer(ask=1, rate=10**9, max_macs=1)


@dataclass(slots=True)
class TaskMarketplace:
    """Everybody, funded and registered; the caller makes roles here and runs them."""

    parties: Parties
    mirror: TaskMirror
    buyer: TaskBuyer = field(init=False)
    poster: TaskPoster = field(init=False)

    def __post_init__(self) -> None:
        owner, submitter = self.parties.owner("buyer"), self.parties.submitter("buyer")
        store = self.parties.storages["buyer"].store
        self.buyer = TaskBuyer(self.mirror, submitter, owner)
        self.poster = TaskPoster(self.parties.services.gateway, submitter, owner, store)

    def provider(self, name: str, run: RunPackage) -> TaskProvider:
        """Returns a provider that runs packages by `run`, whatever they pay."""
        services, storage = self.parties.services, self.parties.storages[name]
        tools = TaskProviderTools(
            run=run,
            min_price=0,
            lane=services.lane,
            client=services.client,
            store=storage.store,
            indexes=storage.tasks,
            runs=Vault(self.parties.folder / name).secrets(RUNS),
            eviction=Eviction(
                storage.store, ReservationKind.TASKS, storage.tasks, storage.retention_seconds
            ),
        )
        return TaskProvider(
            self.mirror, self.parties.submitter(name), self.parties.owner(name), tools
        )

    def crank(self) -> TaskCrank:
        """Returns the crank."""
        return TaskCrank(self.mirror, self.parties.submitter("crank"), self.parties.owner("crank"))


@asynccontextmanager
async def open_task_marketplace(venue: Venue, folder: Path) -> AsyncIterator[TaskMarketplace]:
    """Deploys, and brings everybody in."""
    everybody = [
        Party("buyer", TOKENS),
        Party("crank", NLOV, serves=False),
        *(Party(name, TOKENS, STAKE, OFFER) for name in TASK_PROVIDERS),
    ]
    async with open_parties(venue, folder, everybody, QUOTA_BYTES) as parties:
        owners = [key.pubkey() for key in parties.keys.values()]
        mirror = TaskMirror(parties.services.gateway, owners, POLL_SECONDS)
        await mirror.refresh()
        yield TaskMarketplace(parties, mirror)
