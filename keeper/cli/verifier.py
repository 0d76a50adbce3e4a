"""`neurolov verifier`: check jobs for payment."""

import click

from keeper.cli.options import (
    DeviceOptions,
    RoleOptions,
    device_options,
    metrics_served,
    role_command,
    run_async,
    serving_options,
    tell,
)
from keeper.compute import Preference, hasher_on, select_executor
from keeper.configuration import Serving
from keeper.exact.roles.service import open_verifier
from keeper.node.connection import open_connection
from keeper.node.services import open_storage
from keeper.node.supervision import run_roles

DEFAULT_PORT = 7020


@click.group()
def verifier() -> None:
    """Check jobs for payment."""


@verifier.command()
@device_options(Preference.AUTO, "Device that hashes outputs.")
@serving_options(DEFAULT_PORT)
@role_command
def run(role: RoleOptions, device: DeviceOptions, serving: Serving) -> None:
    """Register, take a seat and check the jobs it is drawn for until interrupted.

    The key needs stake (neurolov stake add).
    """
    selected = select_executor(device.preference, device.adapter)

    async def work() -> None:
        async with (
            open_connection(role.settings, role.keypair) as connection,
            open_storage(connection.folder, serving) as storage,
        ):
            hasher = hasher_on(selected.executor)
            node = await open_verifier(connection, storage, device.memory_bytes, hasher)
            tell(f"verifier {connection.owner} at {storage.url}")
            async with metrics_served(role.metrics_port):
                await run_roles(connection.services, node)

    run_async(work())
