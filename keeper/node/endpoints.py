"""Where providers serve their data."""

from solders.pubkey import Pubkey

from idl.client import job_registry
from keeper.chain.gateway import Gateway
from keeper.node.accounts import url_text


async def endpoint_of(gateway: Gateway, provider: Pubkey) -> str:
    """Returns the URL of a provider's data server, empty where it is not registered."""
    account = await gateway.fetch(job_registry.Provider, job_registry.provider_address(provider))
    return "" if account is None else url_text(account.endpoint)
