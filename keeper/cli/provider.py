"""`neurolov provider`: run jobs for money."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click

from keeper.cli.connection import open_connection, slot_seconds, task_mirror
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
from keeper.compute import AdapterMissingError, Preference, select_executor, self_test
from keeper.configuration import NodeSettings, Serving
from keeper.roles import Provider
from keeper.roles.provider import ProviderTools
from keeper.roles.registration import capability
from keeper.roles.services import open_storage
from keeper.tolerant.provider import RunPackage, TaskProvider, TaskProviderTools
from keeper.tolerant.runs import RunBook
from kernels.custom import RunLimits, run_package

DEFAULT_PORT = 7010


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """Least price of a run in base units, and the most that one may take."""

    price: int
    seconds: float

    def runner(self, adapter: str, memory_bytes: int) -> RunPackage:
        """Runs packages on an adapter within these bounds."""
        limits = RunLimits(self.seconds, memory_bytes)
        return partial(run_package, adapter=adapter, limits=limits)


def task_options(command: Callable[..., None]) -> Callable[..., None]:
    """--tasks, --task-price, --task-seconds: passed on as tasks, None without the first."""

    @click.option("--tasks", "take_tasks", is_flag=True, help="Run custom kernels too.")
    @click.option(
        "--task-price",
        type=NlovAmount(),
        default="1",
        show_default=True,
        help="Least $NLOV for a run of a custom kernel.",
    )
    @click.option(
        "--task-seconds",
        type=click.FloatRange(min=1.0),
        default=60.0,
        show_default=True,
        help="A custom kernel that takes longer is killed, and its task left to others.",
    )
    @wraps(command)
    def wrapped(
        *arguments: Any, take_tasks: bool, task_price: int, task_seconds: float, **rest: Any
    ) -> None:
        tasks = TaskOptions(task_price, task_seconds) if take_tasks else None
        command(*arguments, tasks=tasks, **rest)

    return wrapped


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
@task_options
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
    tasks: TaskOptions | None,
    serving: Serving,
) -> None:
    """Register, then claim, run and commit jobs until interrupted.

    The key needs stake: neurolov stake add. Exits with 2 when there is no GPU adapter; --executor
    auto goes on with NumPy and says so. With --tasks it runs custom kernels too (tolerant class:
    whoever agrees is paid, nothing is proven).
    """
    selected = select_executor(Preference(executor), adapter)
    if selected.notice is not None:
        click.secho(selected.notice, fg="yellow", bold=True, err=True)
    if tasks is not None and not selected.on_gpu:
        raise AdapterMissingError("custom kernels need a GPU adapter: leave out --tasks")
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
            loops = [connection.mirror.run()]
            if tasks is not None:
                mirror = await task_mirror(connection, settings)
                run_kernel = tasks.runner(selected.name, memory_bytes)
                task_node = TaskProvider(
                    mirror,
                    connection.submitter,
                    connection.owner,
                    TaskProviderTools(
                        run=run_kernel,
                        min_price=tasks.price,
                        lane=connection.services.lane,
                        client=connection.services.client,
                        store=storage.store,
                        indexes=storage.tasks,
                        runs=RunBook(settings.folder / "runs"),
                    ),
                )
                loops += [mirror.run(), task_node.run()]
            async with metrics_served(metrics_port), background(*loops):
                await node.run()

    run_async(work())
