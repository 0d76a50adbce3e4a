"""Parties on a cluster: funded, served and registered, so that roles can be made of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.configuration import Serving
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import localnet_mint
from keeper.lab.market.venue import Funds, Venue
from keeper.node.registration import Registrar, capability
from keeper.node.seats import Seats
from keeper.node.services import Services, Storage, open_services, open_storage

POLL_SECONDS: Final = 0.05
LAMPORTS: Final = 10 * 10**9
MEMORY_BYTES: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider's terms: `ask` in base units per 2^30 multiply-adds, `rate` in those per slot."""

    ask: int
    rate: int
    max_macs: int


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody by name: tokens and stake in base units, and what they register as.

    Those with an offer register as providers, those that verify as verifiers; those that serve
    have a data server. With a `budget` in base units, an operator's key signs for them once they
    are registered, and their own key is used no more.
    """

    name: str
    tokens: int
    stake: int = 0
    offer: Offer | None = None
    verifies: bool = False
    serves: bool = True
    budget: int | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """What the parties of a cluster have: a key each, and a store where they serve.

    `operators` are the keys that sign for parties with a budget.
    """

    services: Services
    mint: Pubkey
    keys: Mapping[str, Keypair]
    operators: Mapping[str, Keypair]
    storages: Mapping[str, Storage]
    folder: Path

    @property
    def owners(self) -> dict[str, Pubkey]:
        """Everybody's address by name, the treasury's owner included."""
        everybody = {name: key.pubkey() for name, key in self.keys.items()}
        return everybody | {"treasury": localnet_keypair("treasury").pubkey()}

    def owner(self, name: str) -> Pubkey:
        """Returns a party's address."""
        return self.keys[name].pubkey()

    def submitter(self, name: str) -> Submitter:
        """Returns what signs and sends a party's transactions with its own key."""
        return self.services.submitter(self.keys[name])

    def acting(self, name: str) -> Submitter:
        """Returns what signs for a party's role: its operator's key where it has named one."""
        return self.services.submitter(self.operators.get(name, self.keys[name]))


@asynccontextmanager
async def open_parties(
    venue: Venue, folder: Path, parties: Sequence[Party], quota_bytes: int
) -> AsyncIterator[Parties]:
    """Deploys, funds and registers everybody, and lets their stake stand.

    Each store holds at most `quota_bytes`.
    """
    keys = {party.name: localnet_keypair(party.name) for party in parties}
    operators = {
        party.name: localnet_keypair(f"{party.name}'s operator")
        for party in parties
        if party.budget is not None
    }
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(
            open_services(venue.gateway, folder, POLL_SECONDS, allow_private=True)
        )
        funds = {keys[party.name].pubkey(): Funds(LAMPORTS, party.tokens) for party in parties}
        funds |= {key.pubkey(): Funds(LAMPORTS, 0) for key in operators.values()}
        await venue.prepare(services, funds)
        storages = {
            party.name: await stack.enter_async_context(
                open_storage(folder / party.name, Serving(quota_bytes=quota_bytes))
            )
            for party in parties
            if party.serves
        }
        opened = Parties(services, localnet_mint().address, keys, operators, storages, folder)
        for party in parties:
            await _register(opened, party)
        await venue.stand(services)
        yield opened


async def _register(parties: Parties, party: Party) -> None:
    registrar = Registrar(
        parties.services.gateway,
        parties.submitter(party.name),
        parties.owner(party.name),
        parties.mint,
    )
    if party.stake:
        await registrar.stake(party.stake)
    if party.offer is not None:
        await registrar.register_provider(
            capability(
                ask=party.offer.ask,
                memory_bytes=MEMORY_BYTES,
                rate=party.offer.rate,
                max_macs=party.offer.max_macs,
                endpoint=parties.storages[party.name].url,
            )
        )
    if party.verifies:
        url = parties.storages[party.name].url
        await registrar.register_verifier(url, MEMORY_BYTES, await Seats(registrar).take())
    if party.budget is not None:
        await registrar.set_operator(parties.operators[party.name].pubkey(), party.budget)
