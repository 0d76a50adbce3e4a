"""Where a marketplace opens: a cluster with the built programs, deployed and funded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import deploy_localnet, localnet_mint
from keeper.node.services import Services


@dataclass(frozen=True, slots=True)
class Funds:
    """What a party starts with: lamports, and base units of $NLOV."""

    lamports: int
    tokens: int


class Venue(Protocol):
    """A cluster that knows localnet's keys."""

    @property
    def url(self) -> str:
        """Of its RPC."""
        ...

    @property
    def gateway(self) -> Gateway:
        """A way in, not yet entered."""
        ...

    async def prepare(self, services: Services, funds: Mapping[Pubkey, Funds]) -> None:
        """Initialise the programs with localnet's parameters and fund everybody."""
        ...


@dataclass(frozen=True, slots=True)
class LocalnetVenue:
    """A localnet of this process, prepared straight on its bank."""

    net: Localnet

    @property
    def url(self) -> str:
        """Of its RPC."""
        return self.net.url

    @property
    def gateway(self) -> Gateway:
        """By its URL, pinned to its genesis."""
        net = self.net
        return Gateway(net.url, websocket_url=net.ws_url, genesis_hash=net.bank.genesis_hash)

    async def prepare(self, services: Services, funds: Mapping[Pubkey, Funds]) -> None:
        """Deploy and fund in one slot."""
        bank, mint = self.net.bank, localnet_mint()
        deploy_localnet(bank)
        for address, each in funds.items():
            bank.airdrop(address, each.lamports)
            mint.mint_to(bank, address, each.tokens)
