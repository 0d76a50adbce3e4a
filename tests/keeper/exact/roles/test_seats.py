"""Verifiers that keep silent, decline or leave, and what a crank does about their seats."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.exact.decisions.actions import (
    CastBallot,
    CloseSeat,
    DeclineBallot,
    EvictSeat,
    ReportSilent,
)
from keeper.exact.decisions.codes import BallotState, Outcome
from keeper.exact.disputes.audit import Parties, movements
from keeper.exact.disputes.history import job_events, of_job
from keeper.exact.roles import Verifier
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market.marketplace import VERIFIER_STAKE, VERIFIERS
from keeper.node.accounts import tokens_of
from keeper.node.registration import Registrar
from keeper.node.seats import Seats
from keeper.node.transfers import FEES
from neurolov_client import escrow, shard_of, staking, verdict
from neurolov_client.bindings.staking import NO_SEAT, Tenure
from tests.keeper.exact.decisions.views import key
from tests.keeper.exact.roles.rig import Rig, on_rig

JUDGE = LOCALNET_PARAMETERS.verdict
AT_RISK = JUDGE.ballot_exposure + JUDGE.silence_fee


def drawing(rig: Rig) -> Callable[[], bool]:
    return lambda: rig.view.verdict is not None and bool(rig.view.verdict.ballots)


def first_drawn(rig: Rig) -> str:
    """Returns the verifier of the first drawn seat; seats are taken in the order of the names."""
    assert rig.view.verdict is not None
    return VERIFIERS[rig.view.verdict.ballots[0].seat]


def split(rig: Rig, name: str) -> tuple[Verifier, list[Verifier]]:
    """Returns the verifier of this name, and the others."""
    owner = rig.market.parties.owner(name)
    (mine,) = (each for each in rig.verifiers if each.owner == owner)
    return mine, [each for each in rig.verifiers if each is not mine]


def position(rig: Rig, name: str) -> staking.Position:
    found = rig.market.mirror.view.parties[rig.market.parties.owner(name)].position
    assert found is not None
    return found


async def edit(rig: Rig, name: str, **fields: int) -> None:
    """Writes fields of a verifier's position into the bank."""
    address = staking.position_address(rig.market.parties.owner(name))
    account = rig.bank.account(address)
    assert account is not None
    data = bytearray(account.data)
    for field, value in fields.items():
        at = staking.Position.OFFSETS[field]
        data[at : at + 8] = value.to_bytes(8, "little")
    rig.bank.set_account(address, RawAccount(account.lamports, bytes(data), account.owner))
    await rig.market.mirror.refresh()


def seats_of(rig: Rig, name: str) -> Seats:
    parties, services = rig.market.parties, rig.market.services
    submitter, owner = parties.submitter(name), parties.owner(name)
    return Seats(Registrar(services.gateway, submitter, owner, parties.mint))


def taken(rig: Rig, kind: type[Any]) -> Callable[[], bool]:
    return lambda: bool(rig.actions(kind))


def test_a_silent_verifier_is_reported_and_pays_the_fee_vault(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider = rig.provider()
        await rig.play([provider, rig.crank, rig.buyer], drawing(rig))
        name = first_drawn(rig)
        _, others = split(rig, name)
        vault = escrow.fees_address(shard_of(rig.job))
        fees = tokens_of(rig.bank.account(vault))
        everybody = [provider, *others, rig.crank, rig.buyer]
        await rig.play(everybody, taken(rig, ReportSilent))
        assert [name for name, _ in rig.actions(ReportSilent)] == ["crank"]
        await rig.market.mirror.refresh()
        held = position(rig, name)
        assert held.amount == held.collateral == VERIFIER_STAKE - JUDGE.silence_fee
        assert tokens_of(rig.bank.account(vault)) == fees + JUDGE.silence_fee
        rig.buyer.keep.clear()
        await rig.play(everybody, rig.closed)
        assert len(rig.actions(ReportSilent)) == 1
        told = [each.event for each in await job_events(rig.market.services.gateway, rig.job)]
        parties = Parties(rig.job, told)
        silent = parties.name(rig.market.parties.owner(name))
        fines = [each for each in movements(told, parties) if each.purpose == "silence fee"]
        assert silent.startswith("verifier ")
        assert [(each.source, each.target) for each in fines] == [(silent, FEES)]
        assert fines[0].amount == JUDGE.silence_fee

    on_rig(tmp_path, story)


def test_a_fine_belongs_to_the_report_that_follows_it() -> None:
    envelope = staking.Envelope(slot=1, time=0, sequence=1)
    fines = [
        staking.Fined(
            envelope=envelope,
            owner=key(number),
            destination=key(9),
            amount=number,
            staked=0,
            collateral=0,
            total_staked=0,
        )
        for number in (1, 2)
    ]
    reports = [
        verdict.SilenceReported(
            envelope=verdict.Envelope(slot=1, time=0, sequence=1),
            job=key(job),
            ballot=0,
            seat=0,
            verifier=verifier,
        )
        for job, verifier in ((20, key(1)), (21, key(2)), (20, Pubkey.default()))
    ]
    batch = [fines[0], reports[0], fines[1], reports[1], reports[2]]
    assert list(of_job(batch, key(20))) == [fines[0], reports[0], reports[2]]
    assert list(of_job(batch, key(21))) == [fines[1], reports[1]]
    assert list(of_job([fines[0]], key(20))) == []


def test_a_verifier_without_room_declines_and_is_not_fined(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider = rig.provider()
        await rig.play([provider, rig.crank, rig.buyer], drawing(rig))
        name = first_drawn(rig)
        full = VERIFIER_STAKE - AT_RISK + 1
        await edit(rig, name, balloted=full, exposed=full)
        mine, others = split(rig, name)
        await rig.play([mine], taken(rig, DeclineBallot))
        await rig.market.mirror.refresh()
        assert rig.view.verdict is not None
        declined = rig.view.verdict.ballots[0]
        owner = rig.market.parties.owner(name)
        assert (declined.state, declined.verifier) == (BallotState.DECLINED, owner)
        await edit(rig, name, balloted=0, exposed=0)
        everybody = [provider, mine, *others, rig.crank, rig.buyer]
        await rig.play(everybody, rig.ended)
        assert rig.view.verdict is not None
        assert rig.view.verdict.outcome is Outcome.ACCEPTED
        rig.buyer.keep.clear()
        await rig.play(everybody, rig.closed)
        assert not rig.actions(ReportSilent)
        assert position(rig, name).amount == VERIFIER_STAKE

    on_rig(tmp_path, story)


def test_a_verifier_that_left_its_seat_still_votes_where_it_is_drawn(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        provider = rig.provider()
        await rig.play([provider, rig.crank, rig.buyer], drawing(rig))
        name = first_drawn(rig)
        await seats_of(rig, name).vacate()
        await rig.market.mirror.refresh()
        assert position(rig, name).tenure == Tenure.VACATED
        mine, others = split(rig, name)
        await rig.play([mine], taken(rig, CastBallot))
        await rig.play([provider, mine, *others, rig.crank, rig.buyer], rig.ended)
        assert rig.view.verdict is not None
        assert rig.view.verdict.outcome is Outcome.ACCEPTED
        rig.buyer.keep.clear()
        await rig.play([provider, mine, *others, rig.crank, rig.buyer], rig.closed)
        assert not rig.actions(ReportSilent)

    on_rig(tmp_path, story)


def test_the_crank_evicts_and_closes_seats(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        poor, leaving = VERIFIERS[0], VERIFIERS[1]
        await edit(rig, poor, collateral=49 * NLOV)
        await seats_of(rig, leaving).vacate()
        vacated = rig.slot // CHECKPOINT_SLOTS
        await rig.play([rig.crank], taken(rig, EvictSeat))
        await rig.market.mirror.refresh()
        assert position(rig, poor).tenure == Tenure.VACATED
        assert position(rig, leaving).collateral == VERIFIER_STAKE
        await rig.play([rig.crank], lambda: len(rig.actions(CloseSeat)) == 2)
        assert rig.slot // CHECKPOINT_SLOTS == vacated + 2
        await rig.market.mirror.refresh()
        for name in (poor, leaving):
            held = position(rig, name)
            assert (held.seat, held.collateral) == (NO_SEAT, 0)
            assert rig.market.mirror.view.parties[held.owner].seat is None
        # Nobody else's seat was touched.
        assert len(rig.actions(EvictSeat)) == 1
        assert position(rig, VERIFIERS[2]).tenure == Tenure.HELD

    on_rig(tmp_path, story)


def test_a_seat_that_ballots_hold_is_not_closed(tmp_path: Path) -> None:
    async def story(rig: Rig) -> None:
        name = VERIFIERS[0]
        await edit(rig, name, balloted=AT_RISK, exposed=AT_RISK)
        await seats_of(rig, name).vacate()
        left = rig.slot // CHECKPOINT_SLOTS
        await rig.play([rig.crank], lambda: rig.slot // CHECKPOINT_SLOTS > left + 3)
        assert not rig.actions(CloseSeat)
        await edit(rig, name, balloted=0, exposed=0)
        await rig.play([rig.crank], taken(rig, CloseSeat))
        await rig.market.mirror.refresh()
        assert position(rig, name).seat == NO_SEAT

    on_rig(tmp_path, story)
