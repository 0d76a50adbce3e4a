"""`neurolov localnet`: an embedded cluster with the programs deployed."""

import click
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.cli.options import Address, answer, json_option, run_async
from keeper.cli.output import told
from keeper.errors import BadInputError
from keeper.lab.localnet import DEFAULT_PORT, Localnet, PortInUseError, serve
from keeper.lab.localnet.deployment import built_programs, deploy_localnet, localnet_mint

FUNDED_LAMPORTS = 100 * 10**9
FUNDED_NLOV = 100_000 * NLOV


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    help="JSON-RPC port; PubSub uses the next one.",
)
@click.option("--slot-ms", default=400, show_default=True, help="Milliseconds per slot.")
@click.option(
    "--confirmation-slots",
    default=1,
    show_default=True,
    help="Slots until a transaction is confirmed.",
)
@click.option(
    "--finality-slots",
    default=32,
    show_default=True,
    help="Slots until a transaction is finalized.",
)
@click.option(
    "--fund",
    type=Address(),
    multiple=True,
    help="Address to fund with 100 SOL and 100,000 $NLOV; may be repeated.",
)
@click.option("--deploy/--no-deploy", default=True, show_default=True, help="Deploy the programs.")
@json_option
def localnet(
    *,
    host: str,
    port: int,
    slot_ms: int,
    confirmation_slots: int,
    finality_slots: int,
    fund: tuple[Pubkey, ...],
    deploy: bool,
    as_json: bool,
) -> None:
    """Run a local cluster until interrupted. Its state is lost on exit."""
    try:
        net = Localnet(
            programs=built_programs() if deploy else None,
            mint=localnet_mint(),
            host=host,
            port=port,
            slot_ms=slot_ms,
            confirmation_lag=confirmation_slots,
            finality_lag=finality_slots,
        )
    except ValueError as error:
        raise BadInputError(str(error)) from error
    if deploy:
        deploy_localnet(net.bank)
    for address in fund:
        net.bank.airdrop(address, FUNDED_LAMPORTS)
        localnet_mint().mint_to(net.bank, address, FUNDED_NLOV)

    def ready(running: Localnet) -> None:
        document = {
            "genesis_hash": str(running.bank.genesis_hash),
            "mint": str(localnet_mint().address),
            "url": running.url,
            "ws_url": running.ws_url,
        }
        answer(document, as_json, *told(document), "Press Ctrl-C to stop.")

    try:
        run_async(serve(net, ready))
    except PortInUseError as error:
        raise BadInputError(str(error)) from error
