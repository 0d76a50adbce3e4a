"""A whole marketplace in one process: programs, buyer, providers, verifiers, crank."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.compute import ComputeLane
from keeper.configuration import Serving
from keeper.exact.roles import Buyer, Crank, JobMirror, Provider, Verifier
from keeper.exact.roles.ballots import BALLOTS
from keeper.exact.roles.data import job_data
from keeper.exact.roles.graphs import GraphRegistrar
from keeper.exact.roles.posting import JobPoster
from keeper.exact.roles.provider import ProviderTools
from keeper.exact.roles.verifier import VerifierTools
from keeper.lab.localnet.deployment import localnet_keypair, localnet_mint
from keeper.lab.market.venue import Funds, Venue
from keeper.node.registration import Registrar, capability
from keeper.node.services import Services, Storage, open_services, open_storage
from keeper.node.vault import Salts, Vault
from kernels.graph.reference import Executor
from kernels.trace import Hasher, stored_roots

NLOV = 10**9
LAMPORTS = 10 * 10**9
SLOT_MS = 100
POLL_SECONDS = 0.05
QUOTA_BYTES = 1 << 28

PROVIDERS = ("provider 1", "provider 2")
VERIFIERS = tuple(f"verifier {number}" for number in range(1, 6))
PROVIDER_TOKENS = 50_100 * NLOV
PROVIDER_STAKE = 50_000 * NLOV
VERIFIER_TOKENS = 1_100 * NLOV
VERIFIER_STAKE = 1_000 * NLOV
BUYER_TOKENS = 10_000 * NLOV
ASK = 10 * NLOV
MAX_MACS = 1 << 40
MEMORY_BYTES = 1 << 32


@dataclass(slots=True)
class Marketplace:
    """Everybody, funded and registered; roles are made here and run by the story."""

    services: Services
    mint: Pubkey
    mirror: JobMirror
    keys: Mapping[str, Keypair]
    storages: Mapping[str, Storage]
    folder: Path
    rate: int
    buyer: Buyer = field(init=False)
    graphs: GraphRegistrar = field(init=False)
    poster: JobPoster = field(init=False)

    def __post_init__(self) -> None:
        salts = Salts(Vault(self.folder))
        key = self.keys["buyer"]
        submitter = self.services.submitter(key)
        self.buyer = Buyer(self.mirror, submitter, key.pubkey(), salts)
        store = self.storages["buyer"].store
        self.graphs = GraphRegistrar(self.services.gateway, submitter, key.pubkey())
        self.poster = JobPoster(self.services.gateway, submitter, key.pubkey(), store, salts)

    @property
    def owners(self) -> dict[str, Pubkey]:
        """Everybody's address, the treasury's owner included."""
        everybody = {name: key.pubkey() for name, key in self.keys.items()}
        return everybody | {"treasury": localnet_keypair("treasury").pubkey()}

    def provider(self, name: str, executor: Executor, lane: ComputeLane | None = None) -> Provider:
        """A provider that runs jobs on executor, in the lane of all unless it has its own."""
        key, storage = self.keys[name], self.storages[name]
        tools = ProviderTools(
            executor=executor,
            rate=self.rate,
            lane=lane or self.services.lane,
            data=job_data(self.services, storage),
        )
        return Provider(self.mirror, self.services.submitter(key), key.pubkey(), tools)

    def verifiers(self, hasher: Hasher = stored_roots) -> list[Verifier]:
        """Five verifiers with a ballot box each."""
        return [self._verifier(name, hasher) for name in VERIFIERS]

    def crank(self) -> Crank:
        """The crank."""
        key = self.keys["crank"]
        return Crank(self.mirror, self.services.submitter(key), key.pubkey())

    def _verifier(self, name: str, hasher: Hasher) -> Verifier:
        key, storage = self.keys[name], self.storages[name]
        tools = VerifierTools(
            lane=self.services.lane,
            data=job_data(self.services, storage),
            ballots=Vault(self.folder / name).secrets(BALLOTS),
            hasher=hasher,
        )
        return Verifier(self.mirror, self.services.submitter(key), key.pubkey(), tools)


@asynccontextmanager
async def open_marketplace(
    venue: Venue, folder: Path, rate: int, providers: Sequence[str] = PROVIDERS
) -> AsyncIterator[Marketplace]:
    """Deploy, and bring everybody in; rate is multiply-adds a slot."""
    keys = {name: localnet_keypair(name) for name in ("buyer", "crank", *providers, *VERIFIERS)}
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(
            open_services(venue.gateway, folder, POLL_SECONDS)
        )
        tokens = {"buyer": BUYER_TOKENS, "crank": NLOV}
        tokens |= dict.fromkeys(providers, PROVIDER_TOKENS)
        tokens |= dict.fromkeys(VERIFIERS, VERIFIER_TOKENS)
        await venue.prepare(
            services, {key.pubkey(): Funds(LAMPORTS, tokens[name]) for name, key in keys.items()}
        )
        storages = {
            name: await stack.enter_async_context(
                open_storage(folder / name, Serving(quota_bytes=QUOTA_BYTES))
            )
            for name in keys
            if name != "crank"
        }
        parties = [key.pubkey() for key in keys.values()]
        mirror = JobMirror(services.gateway, parties, POLL_SECONDS)
        await mirror.refresh()
        mint = localnet_mint().address
        marketplace = Marketplace(services, mint, mirror, keys, storages, folder, rate)
        await _register(marketplace, providers)
        await mirror.refresh()
        yield marketplace


async def _register(marketplace: Marketplace, providers: Sequence[str]) -> None:
    for name in (*providers, *VERIFIERS):
        key = marketplace.keys[name]
        submitter = marketplace.services.submitter(key)
        registrar = Registrar(
            marketplace.services.gateway, submitter, key.pubkey(), marketplace.mint
        )
        url = marketplace.storages[name].url
        if name in providers:
            await registrar.stake(PROVIDER_STAKE)
            await registrar.register_provider(
                capability(
                    ask=ASK,
                    memory_bytes=MEMORY_BYTES,
                    rate=marketplace.rate,
                    max_macs=MAX_MACS,
                    endpoint=url,
                )
            )
        else:
            await registrar.stake(VERIFIER_STAKE)
            await registrar.register_verifier(url, MEMORY_BYTES)
