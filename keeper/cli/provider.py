"""`neurolov provider`: run jobs for money."""

from pathlib import Path

import click

from keeper.cli.connection import open_connection, slot_seconds
from keeper.cli.options import (
    NlovAmount,
    background,
    cluster_options,
    keypair_option,
    metrics_option,
    metrics_served,
    nlov,
    run_async,
    serving_options,
)
from keeper.compute import Preference, select_executor, self_test
from keeper.configuration import NodeSettings, Serving
from keeper.roles import Provider
from keeper.roles.provider import ProviderTools
from keeper.roles.registration import capability
from keeper.roles.services import open_storage

DEFAULT_PORT = 7010


@click.group()
def provider() -> None:
    """Run jobs for money."""


@provider.command()
@click.option(
    "--executor",
    type=click.Choice([str(choice) for choice in Preference]),
    default=str(Preference.GPU),
    show_default=True,
)
@click.option("--adapter", help="Part of the wanted adapter's name.")
@click.option(
    "--ask",
    type=NlovAmount(),
    default="10",
    show_default=True,
    help="$NLOV for 2^30 multiply-adds.",
)
@click.option("--max-macs", default=1 << 40, show_default=True, help="Largest job taken.")
@click.option("--memory", "memory_bytes", default=1 << 32, show_default=True, help="Bytes.")
@serving_options(DEFAULT_PORT)
@metrics_option
@keypair_option
@cluster_options
def run(
    *,
    settings: NodeSettings,
    keypair: Path,
    metrics_port: int | None,
    executor: str,
    adapter: str | None,
    ask: int,
    max_macs: int,
    memory_bytes: int,
    serving: Serving,
) -> None:
    """Register, then claim, run and commit jobs until interrupted.

    The key needs stake: neurolov stake add. Exits with 2 when there is no GPU adapter; --executor
    auto goes on with NumPy and says so.
    """
    selected = select_executor(Preference(executor), adapter)
    if selected.notice is not None:
        click.secho(selected.notice, fg="yellow", bold=True, err=True)
    report = self_test(selected.executor)
    click.echo(f"{selected.name}: {report.operators} operators bit-equal to NumPy", err=True)

    async def work() -> None:
        async with (
            open_connection(settings, keypair) as connection,
            open_storage(connection.services, settings.folder, serving) as storage,
        ):
            rate = report.macs_per_slot(await slot_seconds(connection.services.gateway))
            await connection.registrar.register_provider(
                capability(
                    ask=ask,
                    memory_bytes=memory_bytes,
                    rate=rate,
                    max_macs=max_macs,
                    endpoint=storage.url,
                )
            )
            tools = ProviderTools(
                executor=selected.executor,
                rate=rate,
                lane=connection.services.lane,
                store=storage.store,
                indexes=storage.indexes,
                client=connection.services.client,
                material=storage.material,
                shelf=storage.shelf,
            )
            await connection.mirror.refresh()
            node = Provider(connection.mirror, connection.submitter, connection.owner, tools)
            click.echo(
                f"provider {connection.owner} at {storage.url} asks {nlov(ask)} NLOV", err=True
            )
            async with metrics_served(metrics_port), background(connection.mirror.run()):
                await node.run()

    run_async(work())
