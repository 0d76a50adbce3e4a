"""`neurolov provider drain`, `resume`, `deregister` and `neurolov verifier leave`."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import click
from solders.pubkey import Pubkey

from keeper.amounts import nlov, sol
from keeper.chain.errors import ProgramError
from keeper.cli.options import KeyOptions, answer, key_command, owner_option, run_async, tell
from keeper.exact.roles.leaving import SeatStanding, jobs_of_provider, seat_standing
from keeper.node.connection import Connection, open_connection
from keeper.node.decisions.held import Held
from keeper.node.draining import left_of
from keeper.node.errors import NotRegisteredError, RoleError
from keeper.node.timeline import Timeline
from keeper.tolerant.roles.leaving import runs_of_provider

Told = tuple[dict[str, Any], list[str]]

STILL_DRAWN: Final = "SeatStillDrawable"

wait_option = click.option("--wait", is_flag=True, help="Wait until it is done, and finish it.")


class StillHeldError(RoleError):
    """Something that was begun has to end first."""


@click.command()
@owner_option
@key_command
def drain(key: KeyOptions, owner: Pubkey | None) -> None:
    """Take no more jobs, and finish those that are held.

    A provider that runs ends by itself once it holds nothing. The key of the owner or of its
    operator signs.
    """

    async def work(connection: Connection) -> Told:
        await connection.registrar.set_draining(True)
        held, timeline = await _held(connection), await Timeline.of(connection.gateway)
        lines = [f"provider {connection.owner} takes nothing more", *_left(held, timeline)]
        lines.append(
            "keep its node running until that is done; it then ends by itself"
            if held
            else "nothing is held, so its node may be stopped"
        )
        return _document(connection, held, timeline) | {"draining": True}, lines

    _run(key, owner, work)


@click.command()
@owner_option
@key_command
def resume(key: KeyOptions, owner: Pubkey | None) -> None:
    """Take jobs again after a drain.

    The key of the owner or of its operator signs.
    """

    async def work(connection: Connection) -> Told:
        await connection.registrar.set_draining(False)
        document = {"provider": str(connection.owner), "draining": False}
        said = f"provider {connection.owner} takes jobs again; its node runs with: "
        return document, [f"{said}neurolov provider run"]

    _run(key, owner, work)


@click.command()
@wait_option
@owner_option
@key_command
def deregister(key: KeyOptions, owner: Pubkey | None, *, wait: bool) -> None:
    """Take the registration's rent back, once nothing is held.

    The owner's key signs. The reputation is gone with the registration; the stake stays.
    """

    async def work(connection: Connection) -> Told:
        registrar = connection.registrar
        registrar.require_owner("deregister provider")
        await registrar.set_draining(True)
        held = await _held(connection)
        if held and not wait:
            timeline = await Timeline.of(connection.gateway)
            raise StillHeldError(
                f"the provider takes nothing more, but {len(held)} of its jobs and tasks have not "
                f"ended ({_left(held, timeline)[0]}); run this again then, or with --wait"
            )
        while held:
            await asyncio.sleep(connection.poll_seconds)
            held = await _held(connection)
        rent = await registrar.deregister_provider()
        staked = (await registrar.required_position()).amount
        document = {
            "provider": str(connection.owner),
            "deregistered": True,
            "rent_lamports": rent,
            "staked": staked,
        }
        return document, [
            f"provider {connection.owner} is deregistered; {sol(rent)} SOL of rent came back to it",
            f"{nlov(staked)} NLOV stay staked; ask for them with: neurolov stake unstake",
        ]

    _run(key, owner, work)


@click.command()
@wait_option
@owner_option
@key_command
def leave(key: KeyOptions, owner: Pubkey | None, *, wait: bool) -> None:
    """Give the seat up; run again, or with --wait, to close it and free its collateral.

    The owner's key signs. The verifier has to run until the seat is closed, because it may still
    be drawn from earlier snapshots.
    """

    async def work(connection: Connection) -> Told:
        connection.registrar.require_owner("leave the seat")
        standing = await seat_standing(connection)
        if standing.seat is not None and standing.closable is None:
            await connection.seats.vacate()
            standing = await seat_standing(connection)
        if standing.seat is not None:
            standing = await _closed(connection, standing, wait=wait)
        timeline = await Timeline.of(connection.gateway)
        if standing.seat is not None:
            return _leaving(connection, standing, timeline)
        return await _left_seat(connection)

    _run(key, owner, work)


def _run(key: KeyOptions, owner: Pubkey | None, work: Any) -> None:
    async def connected() -> Told:
        async with open_connection(key.settings, key.keypair, owner) as connection:
            told: Told = await work(connection)
            return told

    document, lines = run_async(connected())
    answer(document, key.as_json, *lines)


async def _held(connection: Connection) -> tuple[Held, ...]:
    return (*await jobs_of_provider(connection), *await runs_of_provider(connection))


def _left(held: Sequence[Held], timeline: Timeline) -> list[str]:
    return [f"still to do for {line}" for line in left_of(held, timeline)]


def _document(connection: Connection, held: Sequence[Held], timeline: Timeline) -> dict[str, Any]:
    return {"provider": str(connection.owner), "held": _documents(held, timeline)}


def _documents(held: Sequence[Held], timeline: Timeline) -> list[dict[str, Any]]:
    return [
        {
            "address": str(each.subject),
            "left": each.left,
            "until": None if each.until is None else timeline.document(each.until),
            "can_lose": each.loss,
        }
        for each in held
    ]


async def _closed(connection: Connection, standing: SeatStanding, *, wait: bool) -> SeatStanding:
    """Returns how the seat stands once it was closed, by a crank or here, if it could be."""
    waited = False
    while standing.seat is not None:
        if standing.may_close:
            try:
                await connection.seats.close(standing.seat.index)
            except ProgramError as error:
                # The snapshots of the last two epochs may not have been taken yet.
                if error.name != STILL_DRAWN:
                    raise
        elif wait and not waited and standing.closable is not None:
            timeline = await Timeline.of(connection.gateway)
            tell(f"waiting until the seat can be closed: {timeline.told(standing.closable)}")
            waited = True
        standing = await seat_standing(connection)
        if not wait:
            return standing
        await asyncio.sleep(connection.poll_seconds)
    return standing


def _leaving(connection: Connection, standing: SeatStanding, timeline: Timeline) -> Told:
    assert standing.seat is not None
    assert standing.closable is not None
    last = standing.closable + standing.drawn_slots
    document = {
        "verifier": str(connection.owner),
        "seat": standing.seat.index,
        "closed": False,
        "closable_from": timeline.document(standing.closable),
        "keep_running_until": timeline.document(last),
        "collateral": standing.collateral,
        "held": _documents(standing.held, timeline),
    }
    return document, [
        f"seat {standing.seat.index} of {connection.owner} is vacated",
        f"its {nlov(standing.collateral)} NLOV of collateral are free once it is closed, from "
        f"{timeline.told(standing.closable)} on",
        "keep the verifier running until then: it may be drawn from earlier snapshots, and the "
        f"ballots of the last draw end by {timeline.told(last)}",
        *_left(standing.held, timeline),
        "a crank closes the seat, or this command, run again then or with --wait",
    ]


async def _left_seat(connection: Connection) -> Told:
    rent = await connection.registrar.deregister_verifier()
    position = await connection.registrar.required_position()
    if not rent and position.amount == 0:
        raise NotRegisteredError(f"{connection.owner} has no seat and no stake")
    document: dict[str, Any] = {
        "verifier": str(connection.owner),
        "seat": None,
        "closed": True,
        "rent_lamports": rent,
        "staked": position.amount,
        "held": [],
    }
    return document, [
        f"{connection.owner} has no seat; {sol(rent)} SOL of rent came back to it",
        f"{nlov(position.amount)} NLOV are free stake; ask for them with: neurolov stake unstake",
    ]
