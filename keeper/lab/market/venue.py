"""The clusters on which a marketplace can open, made ready with programs and funds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, deploy_localnet, localnet_mint
from keeper.node.services import Services

STANDING_WINDOWS: Final = 2
"""Windows that must begin before stake counts: that of a posting, and the one before it."""


@dataclass(frozen=True, slots=True)
class Funds:
    """The lamports and the base units of $NLOV with which a party starts."""

    lamports: int
    tokens: int


class Venue(Protocol):
    """A cluster whose deployer and mint are localnet's."""

    @property
    def url(self) -> str:
        """Returns the URL of its JSON-RPC."""
        ...

    @property
    def gateway(self) -> Gateway:
        """Returns a gateway that the caller has to enter."""
        ...

    async def prepare(self, services: Services, funds: Mapping[Pubkey, Funds]) -> None:
        """Initialises the programs with localnet's parameters and funds everybody."""
        ...

    async def stand(self, services: Services) -> None:
        """Lets time pass until all present stake counts and every provider may claim."""
        ...


@dataclass(frozen=True, slots=True)
class LocalnetVenue:
    """A localnet of this process, prepared directly on its bank."""

    net: Localnet

    @property
    def url(self) -> str:
        """Returns the URL of its JSON-RPC."""
        return self.net.url

    @property
    def gateway(self) -> Gateway:
        """Returns a gateway that accepts only this cluster."""
        net = self.net
        return Gateway(net.url, websocket_url=net.ws_url, genesis_hash=net.bank.genesis_hash)

    async def prepare(self, services: Services, funds: Mapping[Pubkey, Funds]) -> None:
        """Deploys and funds within one slot."""
        bank, mint = self.net.bank, localnet_mint()
        deploy_localnet(bank)
        for address, each in funds.items():
            bank.airdrop(address, each.lamports)
            if each.tokens:
                mint.mint_to(bank, address, each.tokens)

    async def stand(self, services: Services) -> None:
        """Skips to the slot in which the second window from now begins."""
        self.net.bank.warp(standing_slot(self.net.bank.slot))


def standing_slot(slot: int) -> int:
    """Returns the first slot whose postings count all stake that is there in `slot`."""
    return (slot // CHECKPOINT_SLOTS + STANDING_WINDOWS) * CHECKPOINT_SLOTS
