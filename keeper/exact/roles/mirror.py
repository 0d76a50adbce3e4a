"""The jobs, and what belongs to them, as the roles of one process see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.exact.decisions.codes import JobState, VerdictState
from keeper.exact.decisions.crank import Queue
from keeper.exact.decisions.state import Exposure, JobSnapshot
from keeper.exact.decisions.verifier import HeldSeat
from keeper.exact.roles.accounts import job_of, queued_of, seat_of, verdict_of
from keeper.node.accounts import (
    NOBODY,
    escrow_of,
    leasable_of,
    optional,
    owned,
    required,
    slot_hashes_of,
    stake_of,
    tokens_of,
)
from keeper.node.changes import Counter, Notice, sequence_of
from keeper.node.connection import Reading
from keeper.node.decisions.stake import LeasableStake, Stake
from keeper.node.mirror import BaseView, Mirror
from keeper.telemetry import METRICS
from neurolov_client import SLOT_HASHES, Event, escrow, job_registry, staking, verdict
from neurolov_client.bindings.staking import NO_SEAT

Raws = Mapping[Pubkey, RawAccount | None]
SeatKey = tuple[Pubkey, int, int]
"""Owner, index and tenure of a seat."""


@dataclass(frozen=True, slots=True)
class Party:
    """Stake, seat and registration of one owner; None where an account does not exist."""

    position: staking.Position | None = None
    provider: job_registry.Provider | None = None
    seat: HeldSeat | None = None

    @property
    def stake(self) -> Stake:
        """The position as stake that can take work."""
        return stake_of(self.position)


@dataclass(slots=True)
class View(BaseView):
    """What is known of the chain; demand is Q32.

    `terms` are the current ones, under which new work is posted. Each job has the parameters of the
    terms that it keeps. `checkpoint_slots` are the slots of a window.
    """

    mint: Pubkey
    checkpoint_slots: int
    terms: staking.Terms
    queue: Queue
    demand_q32: int
    leasable: LeasableStake
    jobs: Mapping[Pubkey, JobSnapshot]
    parties: Mapping[Pubkey, Party]


class JobMirror(Mirror[View]):
    """See `Mirror`. `parties` are the owners whose stake, seats and registrations are read."""

    def __init__(self, gateway: Gateway, parties: Iterable[Pubkey], poll_seconds: float) -> None:
        super().__init__(gateway, poll_seconds)
        self._parties = tuple(parties)
        # The parameters of a version never change, so each is read once.
        self._terms: dict[int, staking.Terms] = {}
        # A seat changes only together with what its owner's position says of it.
        self._seats: dict[SeatKey, HeldSeat | None] = {}
        self._next_terms: int | None = None

    def notice(self, event: Event) -> Notice:
        """Returns the job of an event, and whose sequence number the event carries.

        Positions and providers number their events too, but belong to a key: those are among the
        shared accounts. An escrow that belongs to no job in the view may be a task's, so that its
        number says nothing; the job is read nevertheless, because it may be on its way.
        """
        job: Pubkey | None = getattr(event, "job", None)
        sequence = sequence_of(event)
        known = self._view.jobs if self._view is not None else {}
        of_a_key = event.PROGRAM == staking.PROGRAM or isinstance(event, job_registry.ProviderRated)
        of_a_task = event.PROGRAM == escrow.PROGRAM and job not in known
        if job is None or of_a_key or of_a_task:
            return Notice(job, None, sequence)
        return Notice(job, (event.PROGRAM, job), sequence)

    def sequences(self, view: View) -> Mapping[Counter, int]:
        """Returns the sequence numbers of jobs, verdicts and escrows."""
        return {
            (program, job): sequence
            for job, snapshot in view.jobs.items()
            for program, sequence in snapshot.sequences
        }

    async def _sweep(self, slot: int) -> View:
        found = dict(await self.gateway.program_accounts(job_registry.Job))
        return await self._view_of(slot, slot, {}, found)

    async def _read(self, view: View, slot: int, subjects: frozenset[Pubkey]) -> View:
        raws = zip(subjects, await self.gateway.accounts([*subjects]), strict=True)
        read = {job: owned(job_registry.Job, raw) for job, raw in raws}
        found = {job: account for job, account in read.items() if account is not None}
        kept = {job: each for job, each in view.jobs.items() if job not in subjects}
        return await self._view_of(slot, view.swept_slot, kept, found)

    async def _view_of(
        self,
        slot: int,
        swept_slot: int,
        kept: Mapping[Pubkey, JobSnapshot],
        found: Mapping[Pubkey, job_registry.Job],
    ) -> View:
        """Read the shared accounts and what belongs to the found jobs."""
        addresses = [job_registry.market_address(), staking.pool_address()]
        if self._next_terms is not None:
            addresses.append(staking.terms_address(self._next_terms))
        known = self._view.jobs.values() if self._view is not None else ()
        if any(map(_awaits_beacon, known)) or any(
            account.state == JobState.POSTED for account in found.values()
        ):
            addresses.append(SLOT_HASHES)
        for owner in self._parties:
            addresses += [staking.position_address(owner), job_registry.provider_address(owner)]
        for job in found:
            addresses += [
                verdict.verdict_address(job),
                escrow.escrow_address(job),
                escrow.vault_address(job),
                *(staking.exposure_address(job, owner) for owner in self._parties),
            ]
        raws = dict(zip(addresses, await self.gateway.accounts(addresses), strict=True))
        market = required(job_registry.Market, raws[job_registry.market_address()])
        pool = required(staking.Pool, raws[staking.pool_address()])
        seated = {owner: _seat_key(owner, raws) for owner in self._parties}
        versions = {pool.terms, *(account.terms for account in found.values())}
        await self._read_fixed(versions, {key for key in seated.values() if key is not None})
        jobs = {**kept, **{job: self._job(job, account, raws) for job, account in found.items()}}
        METRICS.set("jobs", len(jobs))
        return View(
            slot=slot,
            swept_slot=swept_slot,
            slot_hashes=slot_hashes_of(raws.get(SLOT_HASHES)),
            mint=pool.mint,
            checkpoint_slots=pool.checkpoint_slots,
            terms=self._terms[pool.terms],
            queue=self._queue(pool, raws),
            demand_q32=market.demand_q32,
            leasable=leasable_of(pool),
            jobs=jobs,
            parties={owner: self._party(owner, seated[owner], raws) for owner in self._parties},
        )

    async def _read_fixed(self, versions: set[int], seats: set[SeatKey]) -> None:
        """Read the terms and the parties' seats that have not been read yet.

        Raises RoleError where there are no such terms.
        """
        # A seat that was closed and taken again looks the same to its owner's position.
        self._seats = {key: seat for key, seat in self._seats.items() if key in seats}
        terms = sorted(versions - self._terms.keys())
        unread = [key for key in seats if key not in self._seats]
        if not terms and not unread:
            return
        addresses = [staking.terms_address(version) for version in terms]
        addresses += [staking.seat_address(index) for _, index, _ in unread]
        raws = await self.gateway.accounts(addresses)
        for version, raw in zip(terms, raws[: len(terms)], strict=True):
            self._terms[version] = required(staking.Terms, raw)
        for key, raw in zip(unread, raws[len(terms) :], strict=True):
            account = optional(staking.Seat, raw)
            held = account is not None and account.owner == key[0]
            self._seats[key] = seat_of(account) if account is not None and held else None

    def _queue(self, pool: staking.Pool, raws: Raws) -> Queue:
        """Returns what governance has queued; it is read where the next version is known."""
        self._next_terms = pool.terms + 1
        raw = raws.get(staking.terms_address(self._next_terms))
        queued = optional(staking.Terms, raw)
        return Queue(
            terms=None if queued is None else queued_of(queued),
            authority_slot=None if pool.next_authority == NOBODY else pool.authority_slot,
        )

    def _party(self, owner: Pubkey, seated: SeatKey | None, raws: Raws) -> Party:
        return Party(
            optional(staking.Position, raws[staking.position_address(owner)]),
            optional(job_registry.Provider, raws[job_registry.provider_address(owner)]),
            None if seated is None else self._seats[seated],
        )

    def _job(self, address: Pubkey, account: job_registry.Job, raws: Raws) -> JobSnapshot:
        judged = optional(verdict.Verdict, raws[verdict.verdict_address(address)])
        money = optional(escrow.Escrow, raws[escrow.escrow_address(address)])
        balance = tokens_of(raws[escrow.vault_address(address)])
        return JobSnapshot(
            job=job_of(address, account),
            verdict=None if judged is None else verdict_of(judged),
            escrow=None if money is None else escrow_of(money, balance),
            parameters=self._terms[account.terms].parameters,
            exposed=_exposed(address, self._parties, raws),
            version=".".join(
                "-" if part is None else str(part.sequence) for part in (account, judged, money)
            ),
            sequences=tuple(
                (part.PROGRAM, part.sequence)
                for part in (account, judged, money)
                if part is not None
            ),
        )


def _exposed(job: Pubkey, owners: Iterable[Pubkey], raws: Raws) -> dict[Pubkey, Exposure]:
    found = {
        owner: optional(staking.Exposure, raws[staking.exposure_address(job, owner)])
        for owner in owners
    }
    return {
        owner: Exposure(account.amount, account.bond)
        for owner, account in found.items()
        if account is not None
    }


def _awaits_beacon(snapshot: JobSnapshot) -> bool:
    """Whether a slot's hash decides something: who claims first, or what a provider shows."""
    judged = snapshot.verdict
    answering = judged is not None and judged.state is VerdictState.ANSWERING
    return answering or snapshot.job.state is JobState.POSTED


def _seat_key(owner: Pubkey, raws: Raws) -> SeatKey | None:
    position = optional(staking.Position, raws[staking.position_address(owner)])
    if position is None or position.seat == NO_SEAT:
        return None
    return owner, position.seat, position.tenure


async def job_mirror(reading: Reading) -> JobMirror:
    """Returns a mirror of the jobs for one owner, after its first read; raises ChainError."""
    mirror = JobMirror(reading.gateway, [reading.owner], reading.poll_seconds)
    await mirror.refresh()
    return mirror
