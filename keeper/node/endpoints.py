"""Where parties serve their data, and whether others may fetch from there."""

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.data import BlobClient, PeerFault, parse_source
from keeper.errors import BadInputError
from keeper.node.accounts import url_text
from keeper.node.errors import RoleError
from neurolov_client import job_registry


class UnreachableEndpointError(RoleError, BadInputError):
    """Other nodes refuse to fetch from the URL that this node would announce."""


async def endpoint_of(gateway: Gateway, provider: Pubkey) -> str:
    """Returns the URL of a provider's data server, empty where it is not registered."""
    account = await gateway.fetch(job_registry.Provider, job_registry.provider_address(provider))
    return "" if account is None else url_text(account.endpoint)


async def require_served(client: BlobClient, url: str, digest: str, max_bytes: int) -> None:
    """Raise UnreachableEndpointError unless a blob of this node can be fetched from its own URL."""
    try:
        await client.fetch(url, digest, max_bytes)
    except PeerFault as error:
        raise UnreachableEndpointError(
            f"this node's data cannot be fetched from {url}, where others are to fetch them: "
            f"{error}. Mend --public-url or the way there, or pass --unchecked-url if only this "
            "machine cannot reach it"
        ) from error


def require_reachable(client: BlobClient, url: str) -> None:
    """Raise UnreachableEndpointError where other nodes would refuse a URL of this node.

    A client that may reach private addresses belongs to a network whose nodes all may. A name is
    not resolved, since it may have another address inside of this node's network.
    """
    try:
        parse_source(url, allow_private=client.allow_private)
    except PeerFault as error:
        raise UnreachableEndpointError(
            f"nobody could fetch this node's data: {error}. Give the address under which others "
            "reach it with --public-url, or pass --allow-private to every node of a local network"
        ) from error
