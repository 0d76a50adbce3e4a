"""`neurolov verifier`: check jobs for payment."""

from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.cli.leaving import leave
from keeper.cli.options import (
    MEMORY,
    PUBLIC_URL,
    DeviceOptions,
    KeyOptions,
    RoleOptions,
    answer,
    collateral_option,
    device_options,
    key_command,
    metrics_served,
    owner_option,
    role_command,
    run_async,
    serving_options,
    tell,
)
from keeper.cli.status import verifier_status
from keeper.compute import hasher_on, select_executor
from keeper.configuration import Preference, Serving
from keeper.exact.roles.service import open_verifier
from keeper.node.connection import open_connection
from keeper.node.funding import await_funds
from keeper.node.occupancy import Role
from keeper.node.operators import budget_line
from keeper.node.services import open_storage
from keeper.node.supervision import run_roles
from neurolov_client import job_registry, staking
from neurolov_client.bindings.staking import NO_SEAT

DEFAULT_PORT = 7020


@click.group()
def verifier() -> None:
    """Check jobs for payment."""


@verifier.command()
@MEMORY.option(help="Memory of the node, in bytes.")
@PUBLIC_URL.option(required=True)
@key_command
def register(key: KeyOptions, memory_bytes: int, public_url: str) -> None:
    """Register a verifier for the seat of its owner, with the owner's key.

    Needed only where the node runs with an operator's key.
    """

    async def work() -> dict[str, Any]:
        async with open_connection(key.settings, key.keypair) as connection:
            seat, _ = await connection.seats.held()
            await connection.registrar.register_verifier(public_url, memory_bytes, seat)
            return {"verifier": str(connection.owner), "seat": seat, "url": public_url}

    document = run_async(work())
    said = f"verifier {document['verifier']} of seat {document['seat']} at {public_url}"
    answer(document, key.as_json, said)


@verifier.command()
@device_options(Preference.AUTO, "Device that hashes outputs.")
@serving_options(DEFAULT_PORT)
@collateral_option
@owner_option
@role_command
def run(
    role: RoleOptions,
    owner: Pubkey | None,
    collateral: int | None,
    device: DeviceOptions,
    serving: Serving,
) -> None:
    """Register, take a seat and check the jobs it is drawn for until interrupted.

    The first Ctrl-C or SIGTERM finishes the ballots that are drawn; the second ends at once and
    says what that can cost.

    The key needs stake (neurolov stake add), or the --owner that has named it as its operator needs
    a seat (neurolov stake seat take).
    """
    if owner is not None and collateral is not None:
        raise click.UsageError(
            "--collateral takes the owner's key: neurolov stake seat take or add"
        )
    selected = select_executor(device.preference, device.adapter)

    async def work() -> None:
        async with (
            open_connection(
                role.settings.patiently(), role.keypair, owner, role=Role.VERIFIER
            ) as connection,
            open_storage(connection.folder, serving) as storage,
        ):
            position = await connection.registrar.required_position()
            await await_funds(
                connection.gateway,
                connection.signer,
                (staking.Seat, job_registry.Verifier, staking.Exposure)
                if position.seat == NO_SEAT
                else (),
                tell=tell,
                poll_seconds=connection.poll_seconds,
            )
            hasher = hasher_on(selected.executor)
            node = await open_verifier(connection, storage, device.memory_bytes, hasher, collateral)
            if connection.by_operator:
                tell(budget_line(await connection.registrar.required_position()))
            tell(f"verifier {connection.owner} at {storage.url}")
            async with metrics_served(role.metrics_port):
                await run_roles(connection.services, node, tell=tell)

    run_async(work())


for command in (leave, verifier_status):
    verifier.add_command(command)
