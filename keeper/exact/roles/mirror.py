"""The jobs, and what belongs to them, as the roles of one process see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from idl.client import SLOT_HASHES, Event, escrow, job_registry, staking, verdict
from keeper.chain.gateway import Gateway
from keeper.exact.decisions.codes import JobState, VerdictState
from keeper.exact.decisions.state import JobSnapshot, Stake
from keeper.exact.roles.accounts import job_of, verdict_of
from keeper.node.accounts import escrow_of, optional, owned, required, slot_hashes_of, tokens_of
from keeper.node.changes import Counter, Notice, sequence_of
from keeper.node.connection import Connection
from keeper.node.mirror import BaseView, Mirror
from keeper.telemetry import METRICS

Raws = Mapping[Pubkey, RawAccount | None]


@dataclass(frozen=True, slots=True)
class Rules:
    """The programs' parameters and the mint, as governance set them."""

    mint: Pubkey
    treasury: Pubkey
    staking: staking.Params
    escrow: escrow.Params
    job_registry: job_registry.Params
    verdict: verdict.Params


@dataclass(frozen=True, slots=True)
class Party:
    """Stake and registration of one key; None where an account does not exist."""

    position: staking.Position | None = None
    provider: job_registry.Provider | None = None

    @property
    def free_stake(self) -> int:
        """Base units that are neither exposed nor leaving."""
        return self.position.amount - self.position.exposed if self.position else 0


@dataclass(slots=True)
class View(BaseView):
    """What is known of the chain; demand is Q32."""

    rules: Rules
    demand_q32: int
    total_staked: int
    jobs: Mapping[Pubkey, JobSnapshot]
    parties: Mapping[Pubkey, Party]


class JobMirror(Mirror[View]):
    """See `Mirror`. `parties` are the keys whose stake and registrations are read."""

    def __init__(self, gateway: Gateway, parties: Iterable[Pubkey], poll_seconds: float) -> None:
        super().__init__(gateway, poll_seconds)
        self._parties = tuple(parties)
        self._rules: Rules | None = None
        self._rules_slot = 0

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
        rules = await self._read_rules(slot)
        addresses = [job_registry.market_address(), staking.pool_address()]
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
        jobs = {**kept, **{job: self._job(job, account, raws) for job, account in found.items()}}
        METRICS.set("jobs", len(jobs))
        return View(
            slot=slot,
            swept_slot=swept_slot,
            rules=rules,
            demand_q32=market.demand_q32,
            total_staked=pool.total_staked,
            jobs=jobs,
            parties={owner: _party(owner, raws) for owner in self._parties},
            slot_hashes=slot_hashes_of(raws.get(SLOT_HASHES)),
        )

    async def _read_rules(self, slot: int) -> Rules:
        """Parameters change by governance only, so reading them once per epoch is enough."""
        if self._rules and slot < self._rules_slot + self._rules.job_registry.epoch_slots:
            return self._rules
        pool, money, registry, judge = await self.gateway.accounts(
            [
                staking.pool_address(),
                escrow.config_address(),
                job_registry.registry_address(),
                verdict.config_address(),
            ]
        )
        config = required(escrow.Config, money)
        stakes = required(staking.Pool, pool)
        self._rules_slot = slot
        self._rules = Rules(
            mint=stakes.mint,
            treasury=config.treasury,
            staking=stakes.params,
            escrow=config.params,
            job_registry=required(job_registry.Registry, registry).params,
            verdict=required(verdict.Config, judge).params,
        )
        return self._rules

    def _job(self, address: Pubkey, account: job_registry.Job, raws: Raws) -> JobSnapshot:
        judged = optional(verdict.Verdict, raws[verdict.verdict_address(address)])
        money = optional(escrow.Escrow, raws[escrow.escrow_address(address)])
        balance = tokens_of(raws[escrow.vault_address(address)])
        return JobSnapshot(
            job=job_of(address, account),
            verdict=None if judged is None else verdict_of(judged),
            escrow=None if money is None else escrow_of(money, balance),
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


def _exposed(job: Pubkey, owners: Iterable[Pubkey], raws: Raws) -> dict[Pubkey, Stake]:
    found = {
        owner: optional(staking.Exposure, raws[staking.exposure_address(job, owner)])
        for owner in owners
    }
    return {
        owner: Stake(account.amount, account.bond)
        for owner, account in found.items()
        if account is not None
    }


def _awaits_beacon(snapshot: JobSnapshot) -> bool:
    """Whether a slot's hash decides something: who claims first, or what a provider shows."""
    judged = snapshot.verdict
    answering = judged is not None and judged.state is VerdictState.ANSWERING
    return answering or snapshot.job.state is JobState.POSTED


def _party(owner: Pubkey, raws: Raws) -> Party:
    return Party(
        optional(staking.Position, raws[staking.position_address(owner)]),
        optional(job_registry.Provider, raws[job_registry.provider_address(owner)]),
    )


async def job_mirror(connection: Connection) -> JobMirror:
    """Returns a mirror of the jobs for one key, after its first read; raises ChainError."""
    services = connection.services
    mirror = JobMirror(services.gateway, [connection.owner], services.poll_seconds)
    await mirror.refresh()
    return mirror
