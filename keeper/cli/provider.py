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
    answer,
    background,
    cluster_options,
    json_option,
    keypair_option,
    metrics_option,
    metrics_served,
    nlov,
    run_async,
    serving_options,
)
from keeper.compute import AdapterMissingError, Preference, select_executor, self_test
from keeper.configuration import NodeSettings, Serving
from keeper.exact.roles import Provider
from keeper.exact.roles.provider import ProviderTools
from keeper.node.registration import capability
from keeper.node.services import open_storage
from keeper.scheduling import SharedDevice
from keeper.tolerant.roles.provider import RunPackage, TaskProvider, TaskProviderTools
from keeper.tolerant.roles.runs import RunBook
from kernels.custom import RunLimits, run_package
from kernels.runtime import list_adapters

DEFAULT_PORT = 7010
# A job's turn of the device while custom kernels want it too.
SLICE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """Least price of a run in base units, the most that one may take, and the share of all runs.

    share is their part of the adapter's time and memory, above 0 and below 1.
    """

    price: int
    seconds: float
    share: float

    def runner(self, adapter: str, memory_bytes: int) -> RunPackage:
        """Runs packages on an adapter within these bounds."""
        limits = RunLimits(self.seconds, memory_bytes)
        return partial(run_package, adapter=adapter, limits=limits)


def task_options(command: Callable[..., None]) -> Callable[..., None]:
    """--tasks, --task-price, --task-seconds, --task-share: as tasks, None without the first."""

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
    @click.option(
        "--task-share",
        type=click.FloatRange(min=0.0, max=1.0, min_open=True, max_open=True),
        default=0.5,
        show_default=True,
        help="Part of the adapter's time and memory for custom kernels, when jobs want it too.",
    )
    @wraps(command)
    def wrapped(
        *arguments: Any,
        take_tasks: bool,
        task_price: int,
        task_seconds: float,
        task_share: float,
        **rest: Any,
    ) -> None:
        tasks = TaskOptions(task_price, task_seconds, task_share) if take_tasks else None
        command(*arguments, tasks=tasks, **rest)

    return wrapped


@click.group()
def provider() -> None:
    """Run jobs for money."""


@provider.command()
@json_option
def adapters(as_json: bool) -> None:
    """List the adapters; a node and a key of its own offers each (provider run --adapter NAME)."""
    found = list_adapters()
    document = {
        "adapters": [
            {
                "name": each.name,
                "type": each.type,
                "backend": each.backend,
                "driver": each.driver,
                "limits": dict(each.limits),
            }
            for each in found
        ]
    }
    lines = [f"{each.name}  ({each.type}, {each.backend}, {each.driver})" for each in found]
    answer(document, as_json, *(lines or ["no adapter"]))


@provider.command()
@click.option(
    "--executor",
    type=click.Choice([str(choice) for choice in Preference]),
    default=str(Preference.GPU),
    show_default=True,
)
@click.option(
    "--adapter", help="The wanted adapter's name, or part of it: neurolov provider adapters."
)
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
    task_bytes = 0 if tasks is None else int(memory_bytes * tasks.share)
    selected = select_executor(
        Preference(executor), adapter, memory_bytes - task_bytes, isolated=True
    )
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
            device = SharedDevice(connection.services.lane, memory_bytes)
            job_share = 1.0 if tasks is None else 1.0 - tasks.share
            await connection.registrar.register_provider(
                capability(
                    ask=ask,
                    memory_bytes=memory_bytes - task_bytes,
                    rate=max(1, int(rate * job_share)),
                    max_macs=max_macs,
                    endpoint=storage.url,
                )
            )
            tools = ProviderTools(
                executor=selected.executor,
                rate=max(1, int(rate * job_share)),
                lane=device.tenant("jobs", job_share, memory_bytes - task_bytes),
                store=storage.store,
                indexes=storage.indexes,
                client=connection.services.client,
                material=storage.material,
                shelf=storage.shelf,
                slice_macs=None if tasks is None else int(report.macs_per_second * SLICE_SECONDS),
            )
            await connection.mirror.refresh()
            node = Provider(connection.mirror, connection.submitter, connection.owner, tools)
            click.echo(
                f"provider {connection.owner} at {storage.url} asks {nlov(ask)} NLOV", err=True
            )
            loops = [connection.mirror.run()]
            if tasks is not None:
                mirror = await task_mirror(connection, settings)
                run_kernel = tasks.runner(selected.name, task_bytes)
                task_node = TaskProvider(
                    mirror,
                    connection.submitter,
                    connection.owner,
                    TaskProviderTools(
                        run=run_kernel,
                        min_price=tasks.price,
                        lane=device.tenant("tasks", tasks.share, task_bytes),
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
