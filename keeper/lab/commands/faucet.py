"""`neurolov faucet`: SOL and $NLOV of a localnet for any address."""

import asyncio
from typing import Any, Final

import click
import httpx
from solana.rpc.commitment import Confirmed
from solders.pubkey import Pubkey
from solders.signature import Signature

from keeper.amounts import NLOV
from keeper.amounts import nlov as told
from keeper.chain.gateway import Gateway
from keeper.cli.options import Address, NlovAmount, answer, json_option, run_async
from keeper.cli.options.cluster import URL
from keeper.errors import BadInputError, KeeperError
from neurolov_client import associated_token_address

MOST_LAMPORTS: Final = 100 * 10**9
MOST_NLOV: Final = 100_000 * NLOV
_METHOD_NOT_FOUND: Final = -32601
_POLL_SECONDS: Final = 0.1


class NoFaucetError(BadInputError):
    """The cluster is no localnet, so that nobody gives its tokens away."""


class FaucetError(KeeperError):
    """The localnet refused to give."""


@click.command()
@click.argument("address", type=Address())
@click.option(
    "--sol",
    "lamports",
    type=NlovAmount(),
    default="1",
    show_default=True,
    metavar="SOL",
    help="SOL to give, at most 100.",
)
@click.option(
    "--nlov",
    type=NlovAmount(),
    default="1000",
    show_default=True,
    help="$NLOV to give, at most 100,000.",
)
@URL.option()
@json_option
def faucet(address: Pubkey, *, lamports: int, nlov: int, url: str, as_json: bool) -> None:
    """Give an address SOL and $NLOV of a localnet.

    Anybody may ask for any address, and ask again. Other clusters are refused: SOL of a test
    cluster comes from its own faucet, and $NLOV from those who have it.
    """
    if lamports > MOST_LAMPORTS or nlov > MOST_NLOV:
        raise BadInputError(
            f"the faucet gives at most {told(MOST_LAMPORTS)} SOL and {told(MOST_NLOV)} NLOV at a "
            "time: ask for less, and again for more"
        )
    document = run_async(_give(url, address, lamports, nlov))
    answer(
        document,
        as_json,
        f"{address} got {told(lamports)} SOL and {told(nlov)} NLOV",
        f"it has {told(document['lamports'])} SOL and {told(document['nlov'])} NLOV",
    )


async def _give(url: str, address: Pubkey, lamports: int, nlov: int) -> dict[str, Any]:
    """Returns what the address has once it has got both."""
    async with Gateway(url) as gateway, httpx.AsyncClient(base_url=url) as http:
        mint = Pubkey.from_string((await _own(http, "neurolov_faucet"))["mint"])
        signatures = []
        if lamports:
            signatures.append(await gateway.airdrop(address, lamports))
        if nlov:
            minted = await _own(http, "neurolov_mintTo", str(address), nlov)
            signatures.append(Signature.from_string(minted["signature"]))
        await _confirmed(gateway, signatures)
        tokens = await gateway.token_balance(associated_token_address(address, mint))
        return {
            "address": str(address),
            "lamports": await gateway.balance(address),
            "nlov": tokens or 0,
        }


async def _own(http: httpx.AsyncClient, method: str, *params: object) -> dict[str, Any]:
    """Returns the result of one of localnet's own methods."""
    url = str(http.base_url).rstrip("/")
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    try:
        found = (await http.post("", json=request)).json()
    except (httpx.HTTPError, ValueError) as error:
        raise FaucetError(f"{url} did not answer {method}: {error}") from error
    failure = found.get("error")
    if failure is None:
        result: dict[str, Any] = found["result"]
        return result
    if failure["code"] == _METHOD_NOT_FOUND:
        raise NoFaucetError(
            f"{url} is no localnet with $NLOV, and only that has a faucet: start one "
            "with `neurolov localnet` and give its --url"
        )
    raise FaucetError(f"{url} refused: {failure['message']}")


async def _confirmed(gateway: Gateway, signatures: list[Signature]) -> None:
    while True:
        statuses = await gateway.statuses(signatures) if signatures else []
        if all(status is not None and status.reached(Confirmed) for status in statuses):
            return
        await asyncio.sleep(_POLL_SECONDS)
