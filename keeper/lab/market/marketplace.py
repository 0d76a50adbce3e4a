"""A whole marketplace of the exact class: a buyer, providers, verifiers and a crank."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from keeper.amounts import NLOV
from keeper.compute import Lane
from keeper.exact.roles import Buyer, Crank, JobMirror, Provider, Verifier
from keeper.exact.roles.ballots import BALLOTS
from keeper.exact.roles.data import job_data
from keeper.exact.roles.graphs import GraphRegistrar
from keeper.exact.roles.posting import JobPoster
from keeper.exact.roles.provider import ProviderTools
from keeper.exact.roles.verifier import VerifierTools
from keeper.lab.market.parties import POLL_SECONDS, Offer, Parties, Party, open_parties
from keeper.lab.market.venue import Venue
from keeper.node.services import Services, Storage
from keeper.node.vault import Salts, Vault
from kernels.graph.reference import Executor
from kernels.trace import Hasher, stored_roots

SLOT_MS = 100
QUOTA_BYTES = 1 << 28

PROVIDERS = ("provider 1", "provider 2")
VERIFIERS = tuple(f"verifier {number}" for number in range(1, 6))
PROVIDER_TOKENS = 50_100 * NLOV
PROVIDER_STAKE = 50_000 * NLOV
PROVIDER_BUDGET = 5_000 * NLOV
"""The most that the key on a provider's machine can lose of its owner's stake."""
VERIFIER_TOKENS = 1_100 * NLOV
VERIFIER_STAKE = 1_000 * NLOV
BUYER_TOKENS = 10_000 * NLOV
ASK = 10 * NLOV
MAX_MACS = 1 << 40


@dataclass(slots=True)
class Marketplace:
    """Everybody, funded and registered; the caller makes roles here and runs them."""

    parties: Parties
    mirror: JobMirror
    rate: int
    buyer: Buyer = field(init=False)
    graphs: GraphRegistrar = field(init=False)
    poster: JobPoster = field(init=False)

    def __post_init__(self) -> None:
        salts = Salts(Vault(self.parties.folder))
        owner, submitter = self.parties.owner("buyer"), self.parties.submitter("buyer")
        store = self.storages["buyer"].store
        self.buyer = Buyer(self.mirror, submitter, owner, salts, store)
        self.graphs = GraphRegistrar(self.services.gateway, submitter, owner)
        self.poster = JobPoster(self.services.gateway, submitter, owner, store, salts)

    @property
    def services(self) -> Services:
        """What all parties share in this process."""
        return self.parties.services

    @property
    def storages(self) -> Mapping[str, Storage]:
        """Returns the stores of those that serve, by name."""
        return self.parties.storages

    def provider(self, name: str, executor: Executor, lane: Lane | None = None) -> Provider:
        """Returns a provider that runs jobs on `executor`, in the shared lane unless given one.

        Its operator's key signs; the owner's is not needed any more.
        """
        tools = ProviderTools(
            executor=executor,
            rate=self.rate,
            lane=lane or self.services.lane,
            data=job_data(self.services, self.storages[name]),
        )
        return Provider(self.mirror, self.parties.acting(name), self.parties.owner(name), tools)

    def verifiers(self, hasher: Hasher = stored_roots) -> list[Verifier]:
        """Returns the five verifiers, each with its own secret ballots."""
        return [self._verifier(name, hasher) for name in VERIFIERS]

    def crank(self) -> Crank:
        """Returns the crank."""
        return Crank(self.mirror, self.parties.submitter("crank"), self.parties.owner("crank"))

    def _verifier(self, name: str, hasher: Hasher) -> Verifier:
        tools = VerifierTools(
            lane=self.services.lane,
            data=job_data(self.services, self.storages[name]),
            ballots=Vault(self.parties.folder / name).secrets(BALLOTS),
            hasher=hasher,
        )
        return Verifier(self.mirror, self.parties.submitter(name), self.parties.owner(name), tools)


@asynccontextmanager
async def open_marketplace(
    venue: Venue, folder: Path, rate: int, providers: Sequence[str] = PROVIDERS
) -> AsyncIterator[Marketplace]:
    """Deploys, and brings everybody in; `rate` is the providers' multiply-adds per slot."""
    offer = Offer(ask=ASK, rate=rate, max_macs=MAX_MACS)
    everybody = [
        Party("buyer", BUYER_TOKENS),
        Party("crank", NLOV, serves=False),
        *(
            Party(name, PROVIDER_TOKENS, PROVIDER_STAKE, offer, budget=PROVIDER_BUDGET)
            for name in providers
        ),
        *(Party(name, VERIFIER_TOKENS, VERIFIER_STAKE, verifies=True) for name in VERIFIERS),
    ]
    async with open_parties(venue, folder, everybody, QUOTA_BYTES) as parties:
        owners = [key.pubkey() for key in parties.keys.values()]
        mirror = JobMirror(parties.services.gateway, owners, POLL_SECONDS)
        await mirror.refresh()
        yield Marketplace(parties, mirror, rate)
