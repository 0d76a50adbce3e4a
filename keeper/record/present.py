"""What jobs and tasks hold for one owner now: stake at risk, credits, and what is pending."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.exact.decisions.codes import BallotState, JobState, VerdictState
from keeper.exact.decisions.deadlines import state_ends
from keeper.exact.roles.accounts import job_of, verdict_of
from keeper.node.accounts import NOBODY, optional, owned, required
from keeper.record.pending import pending_of, pending_of_task
from keeper.tolerant.decisions.codes import TaskState
from neurolov_client import escrow, job_registry, redundancy, staking, verdict
from neurolov_client.bindings.staking import NO_SEAT, ExposureState

CLOSED: Final = "closed"
"""The state of a job or task whose account is gone."""


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Stake that one owner has at risk in one job or task, in base units.

    `exposure` is lost with a proven fraud or missing data, `bond` with missed steps. `ballot` says
    whether collateral of a seat backs it. It is held until slot `until` at the earliest, None where
    the next step may free it.
    """

    work: Pubkey
    exposure: int
    bond: int
    ballot: bool
    state: str
    until: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job or task stands for one owner; amounts in base units.

    `to_pull` is credited and waits to be withdrawn, `pending` is the most that its end can credit.
    `until` is the slot in which the present state ends at the latest, None where no time is set.
    """

    state: str
    until: int | None = None
    to_pull: int = 0
    pending: int = 0


@dataclass(frozen=True, slots=True)
class OpenBallot:
    """A seat of the owner's that was drawn and has not cast yet; casting ends after `deadline`."""

    job: Pubkey
    deadline: int


@dataclass(frozen=True, slots=True)
class Present:
    """All of it, by the address of the job or task."""

    at_risk: tuple[AtRisk, ...]
    standing: Mapping[Pubkey, Standing]
    open_ballots: tuple[OpenBallot, ...]
    receipts: Mapping[Pubkey, verdict.Receipt]


async def read_present(
    gateway: Gateway, position: staking.Position | None, owner: Pubkey, works: Iterable[Pubkey]
) -> Present:
    """Read the owner's exposures and their work, and the work that is named; raises ChainError."""
    exposures = [
        found
        for _, found in await gateway.program_accounts(staking.Exposure, {"owner": owner})
        if found.state == ExposureState.LOCKED
    ]
    open_ballots = await _open_ballots(gateway, position)
    asked = list(
        dict.fromkeys(
            [*works, *(each.job for each in exposures), *(each.job for each in open_ballots)]
        )
    )
    addresses = [address for work in asked for address in _addresses(work)]
    raws = dict(zip(addresses, await gateway.accounts(addresses), strict=True))
    terms = await _terms(gateway, asked, raws)
    standing = {work: _standing(owner, work, raws, terms) for work in asked}
    at_risk = tuple(
        AtRisk(
            work=each.job,
            exposure=each.amount,
            bond=each.bond,
            ballot=bool(each.ballot),
            state=standing[each.job].state,
            until=standing[each.job].until,
        )
        for each in sorted(exposures, key=lambda each: each.locked_slot)
    )
    receipts = {
        work: found
        for work in asked
        if (found := optional(verdict.Receipt, raws[verdict.receipt_address(work)])) is not None
    }
    return Present(at_risk, standing, open_ballots, receipts)


def _addresses(work: Pubkey) -> tuple[Pubkey, ...]:
    return (
        work,
        verdict.verdict_address(work),
        escrow.escrow_address(work),
        verdict.receipt_address(work),
    )


Raws = Mapping[Pubkey, RawAccount | None]
Terms = Mapping[int, staking.Terms]


async def _terms(gateway: Gateway, works: Iterable[Pubkey], raws: Raws) -> Terms:
    accounts = [
        owned(job_registry.Job, raws[work]) or owned(redundancy.Task, raws[work]) for work in works
    ]
    versions = sorted({account.terms for account in accounts if account is not None})
    found = await gateway.accounts([staking.terms_address(version) for version in versions])
    return {
        version: required(staking.Terms, raw) for version, raw in zip(versions, found, strict=True)
    }


def _standing(owner: Pubkey, work: Pubkey, raws: Raws, terms: Terms) -> Standing:
    money = optional(escrow.Escrow, raws[escrow.escrow_address(work)])
    to_pull = 0
    if money is not None:
        to_pull = sum(
            credit.amount
            for credit in money.credits[: money.credit_count]
            if credit.party == owner and not credit.paid
        )
    if (task := owned(redundancy.Task, raws[work])) is not None:
        pending = pending_of_task(owner, task, terms[task.terms].parameters)
        ended = task.state >= TaskState.SETTLED
        state = TaskState(task.state).name.lower()
        return Standing(state, None if ended else task.deadline, to_pull, pending)
    if (job := owned(job_registry.Job, raws[work])) is None:
        return Standing(CLOSED, to_pull=to_pull)
    judged = optional(verdict.Verdict, raws[verdict.verdict_address(work)])
    found = _job_standing(work, job, judged)
    if judged is None:
        return replace(found, to_pull=to_pull)
    pending = pending_of(owner, judged, terms[job.terms].parameters)
    return replace(found, to_pull=to_pull, pending=pending)


def _job_standing(
    address: Pubkey, account: job_registry.Job, judged: verdict.Verdict | None
) -> Standing:
    job = job_of(address, account)
    found = None if judged is None else verdict_of(judged)
    judging = found is not None and job.state is JobState.COMMITTED
    state = found.state if found is not None and judging else job.state
    return Standing(state.name.lower(), state_ends(job, found))


async def _open_ballots(
    gateway: Gateway, position: staking.Position | None
) -> tuple[OpenBallot, ...]:
    """Returns the ballots that the seat of a position may still cast."""
    if position is None or position.seat == NO_SEAT:
        return ()
    balloting = {"state": bytes([VerdictState.BALLOTING])}
    found = await gateway.program_accounts(verdict.Verdict, balloting)
    return tuple(
        OpenBallot(judged.job, judged.ballot_deadline)
        for _, judged in found
        for ballot in judged.ballots[: judged.ballot_count]
        if ballot.seat == position.seat
        and ballot.draw == judged.draws
        and ballot.state == BallotState.DRAWN
        and ballot.verifier == NOBODY
    )
