"""`neurolov provider`: run jobs for payment."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import click
from click.core import ParameterSource
from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.cli.leaving import deregister, drain, resume
from keeper.cli.options import (
    MEMORY,
    PUBLIC_URL,
    TASK_PRICE,
    TASK_SECONDS,
    TASK_SHARE,
    TASKS,
    DeviceOptions,
    KeyOptions,
    RoleOptions,
    answer,
    device_options,
    json_option,
    key_command,
    metrics_served,
    offer_options,
    owner_option,
    role_command,
    run_async,
    serving_options,
    tell,
)
from keeper.cli.status import provider_status
from keeper.compute import AdapterMissingError, select_executor, self_test
from keeper.configuration import Preference, Serving
from keeper.exact.roles.service import ProviderOffer, open_provider
from keeper.node.connection import Connection, open_connection, slot_seconds
from keeper.node.endpoints import require_reachable
from keeper.node.funding import await_funds
from keeper.node.loop import Loop
from keeper.node.occupancy import Role
from keeper.node.operators import budget_line
from keeper.node.registration import capability
from keeper.node.services import open_storage
from keeper.node.supervision import run_roles
from keeper.node.timeline import Timeline
from keeper.scheduling import SharedDevice
from keeper.tolerant.roles.provider import RunPackage
from keeper.tolerant.roles.service import open_task_provider
from kernels.custom import RunLimits, run_package
from kernels.runtime import list_adapters
from neurolov_client import job_registry, staking, verdict

DEFAULT = ParameterSource.DEFAULT
DEFAULT_PORT = 7010
# The longest turn of a job while custom kernels are waiting for the device.
SLICE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """What custom kernels are run for: least price per run in base units, and most seconds per run.

    `share` is the kernels' part of the adapter's time and memory, above 0 and below 1.
    """

    price: int
    seconds: float
    share: float

    def runner(self, adapter: str, memory_bytes: int) -> RunPackage:
        """Returns what runs packages on an adapter within these bounds."""
        limits = RunLimits(self.seconds, memory_bytes)
        return partial(run_package, adapter=adapter, limits=limits)


def task_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --tasks and its options, passed on as `tasks`, which is None without --tasks."""

    @TASKS.option()
    @TASK_PRICE.option()
    @TASK_SECONDS.option()
    @TASK_SHARE.option()
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
    """Run jobs for payment."""


@provider.command()
@json_option
def adapters(as_json: bool) -> None:
    """List adapters.

    Run one node, with its own key, per adapter (provider run --adapter NAME).
    """
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


def refuse_owners_options(*names: str) -> None:
    """Raises click.UsageError where an option was given that takes the owner's key."""
    context = click.get_current_context()
    given = [name for name in names if context.get_parameter_source(name) is not DEFAULT]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise click.UsageError(
            f"{option} belongs to the registration, which takes the owner's key: "
            "neurolov provider register"
        )


@provider.command()
@offer_options
@MEMORY.option(help="Device memory of the node, in bytes.")
@click.option(
    "--rate",
    default=1_000_000,
    show_default=True,
    help="Multiply-adds per slot that the node declares. Prices follow the measured rate.",
)
@PUBLIC_URL.option(required=True)
@key_command
def register(
    *, key: KeyOptions, ask: int, max_macs: int, memory_bytes: int, rate: int, public_url: str
) -> None:
    """Register a provider with its owner's key, or change what it is registered with.

    Needed only where the node runs with an operator's key: that key may change the URL, not the
    price.
    """
    offered = capability(
        ask=ask, memory_bytes=memory_bytes, rate=rate, max_macs=max_macs, endpoint=public_url
    )

    async def work() -> dict[str, Any]:
        async with open_connection(key.settings, key.keypair) as connection:
            require_reachable(connection.services.client, public_url)
            await connection.registrar.register_provider(offered)
            return {"provider": str(connection.owner), "ask": ask, "url": public_url}

    document = run_async(work())
    said = f"provider {document['provider']} at {public_url} asks {nlov(ask)} NLOV"
    answer(document, key.as_json, said)


async def _funded(connection: Connection) -> None:
    """Wait for the SOL that a provider needs; one that is registered may have jobs to finish."""
    await connection.registrar.required_position()
    new = await connection.registrar.provider() is None
    await await_funds(
        connection.gateway,
        connection.signer,
        (job_registry.Provider, staking.Exposure, verdict.Verdict) if new else (),
        tell=tell,
        poll_seconds=connection.poll_seconds,
    )


@provider.command()
@device_options(Preference.GPU, "Device that runs jobs.")
@offer_options
@task_options
@serving_options(DEFAULT_PORT)
@owner_option
@role_command
def run(
    *,
    role: RoleOptions,
    owner: Pubkey | None,
    device: DeviceOptions,
    ask: int,
    max_macs: int,
    tasks: TaskOptions | None,
    serving: Serving,
) -> None:
    """Register, then claim, run and commit jobs until interrupted.

    The first Ctrl-C or SIGTERM takes no more jobs and ends once those that are held have ended; the
    second ends at once and says what that can cost.

    The key needs stake (neurolov stake add), or the --owner that has named it as its operator does.
    Such a key leaves the price as the owner has registered it (neurolov provider register). Without
    a GPU adapter the command exits with 2; --executor auto runs on NumPy instead and prints a
    notice. --tasks also runs custom kernels (tolerant class: providers that agree are paid, and
    nothing is proven).
    """
    if owner is not None:
        refuse_owners_options("ask", "max_macs")
    task_bytes = 0 if tasks is None else int(device.memory_bytes * tasks.share)
    job_bytes = device.memory_bytes - task_bytes
    job_share = 1.0 if tasks is None else 1.0 - tasks.share
    selected = select_executor(device.preference, device.adapter, job_bytes, isolated=True)
    if selected.notice is not None:
        click.secho(selected.notice, fg="yellow", bold=True, err=True)
    if tasks is not None and not selected.on_gpu:
        raise AdapterMissingError("custom kernels need a GPU adapter; leave out --tasks")
    report = self_test(selected.executor)
    tell(f"{selected.name}: {report.operators} operators bit-equal to NumPy")

    async def work() -> None:
        async with (
            open_connection(
                role.settings.patiently(), role.keypair, owner, role=Role.PROVIDER
            ) as connection,
            open_storage(connection.folder, serving) as storage,
        ):
            await _funded(connection)
            rate = report.macs_per_slot(await slot_seconds(connection.gateway))
            shared = SharedDevice(connection.services.lane, device.memory_bytes)
            offer = ProviderOffer(
                ask=ask,
                memory_bytes=job_bytes,
                rate=max(1, int(rate * job_share)),
                max_macs=max_macs,
                executor=selected.executor,
                lane=shared.tenant("jobs", job_share, job_bytes),
                slice_macs=None if tasks is None else int(report.macs_per_second * SLICE_SECONDS),
            )
            provider = await open_provider(connection, storage, offer)
            roles: list[Loop[Any, Any]] = [provider]
            if tasks is not None:
                run_kernel = tasks.runner(selected.name, task_bytes)
                lane = shared.tenant("tasks", tasks.share, task_bytes)
                roles.append(
                    await open_task_provider(connection, storage, run_kernel, tasks.price, lane)
                )
            if connection.by_operator:
                tell(budget_line(await connection.registrar.required_position()))
                tell(f"provider {connection.owner} at {storage.url}")
            else:
                tell(f"provider {connection.owner} at {storage.url} asks {nlov(ask)} NLOV")
            view = provider.mirror.view
            stake = view.parties[connection.owner].stake
            counts = stake.counts_from(view.slot // view.checkpoint_slots) * view.checkpoint_slots
            if counts > view.slot:
                when = (await Timeline.of(connection.gateway)).told(counts)
                tell(f"the stake counts for work that is posted from {when} on")
            async with metrics_served(role.metrics_port):
                await run_roles(connection.services, *roles, tell=tell)

    run_async(work())


for command in (drain, resume, deregister, provider_status):
    provider.add_command(command)
