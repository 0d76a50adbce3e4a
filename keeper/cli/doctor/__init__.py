"""`neurolov doctor`: whether this machine and key are ready for what they shall do."""

from dataclasses import asdict
from pathlib import Path

import click
from solders.pubkey import Pubkey

from keeper.cli.doctor.checks import Check, DoctorRole, Options, Subject
from keeper.cli.doctor.examination import examine
from keeper.cli.options import (
    ADAPTER,
    PUBLIC_URL,
    answer,
    cluster_options,
    json_option,
    keypair_option,
    owner_option,
    run_async,
)
from keeper.cli.options.serving import QUOTA
from keeper.configuration import NodeSettings

FAILED = 1
NAME_CHARACTERS = 10

__all__ = ["doctor"]


@click.command()
@click.option(
    "--role",
    "roles",
    type=click.Choice([str(role) for role in DoctorRole]),
    multiple=True,
    help="What the key shall be; by default what the chain and the folder say that it is.",
)
@ADAPTER.option()
@PUBLIC_URL.option(help="URL at which the node would serve, to compare with the registered one.")
@QUOTA.option(help="Most bytes of data that the node would keep on disk.")
@json_option
@owner_option
@keypair_option
@cluster_options
def doctor(
    *,
    settings: NodeSettings,
    keypair: Path,
    owner: Pubkey | None,
    as_json: bool,
    roles: tuple[str, ...],
    adapter: str | None,
    public_url: str | None,
    quota: int,
) -> int:
    """Check whether this machine, this key and the cluster are ready for a role.

    Each role has its own needs: device, disk, SOL, $NLOV, stake, seat, operator, registration and
    URL. Says what to do about each that is missing, and then exits with 1.
    """
    subject = Subject(Options(settings, keypair, owner, adapter, public_url, quota))
    named = frozenset(map(DoctorRole, roles))

    async def work() -> list[Check]:
        return [check async for check in examine(subject, named)]

    checks = run_async(work())
    fit = all(check.ok for check in checks)
    document = {
        "ok": fit,
        "roles": sorted(map(str, subject.roles)),
        "checks": [asdict(check) for check in checks],
    }
    answer(document, as_json, *(_line(check) for check in checks))
    return 0 if fit else FAILED


def _line(check: Check) -> str:
    line = f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<{NAME_CHARACTERS}} {check.detail}"
    return line + (f"\n      -> {check.advice}" if check.advice and not check.ok else "")
