"""The jobs, and what hangs on them, as the roles of one process see them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from idl.client import SLOT_HASHES, escrow, job_registry, staking, verdict
from keeper.chain.gateway import Gateway
from keeper.exact.decisions.state import JobSnapshot, JobState, VerdictState
from keeper.exact.roles.conversion import escrow_of, job_of, verdict_of
from keeper.journal import Journal
from keeper.node.sweep import Mirror, Sweep, optional, required, slot_hashes_of, tokens_of
from keeper.telemetry import METRICS

PROGRAMS = (staking.PROGRAM, escrow.PROGRAM, job_registry.PROGRAM, verdict.PROGRAM)


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
    """Stake and registrations of one key; None where an account does not exist."""

    position: staking.Position | None = None
    provider: job_registry.Provider | None = None

    @property
    def free_stake(self) -> int:
        """Base units that are neither exposed nor leaving."""
        return self.position.amount - self.position.exposed if self.position else 0


@dataclass(slots=True)
class View(Sweep):
    """One sweep; demand is Q32."""

    rules: Rules
    demand_q32: int
    total_staked: int
    jobs: Mapping[Pubkey, JobSnapshot]
    parties: Mapping[Pubkey, Party]

    @property
    def beacon_due(self) -> bool:
        """Whether a slot's hash decides something: who claims first, or what a provider shows."""
        return any(_awaits_beacon(snapshot) for snapshot in self.jobs.values())


class ChainMirror(Mirror[View]):
    """See `Mirror`; parties are the keys whose stake and registrations are read."""

    def __init__(
        self,
        gateway: Gateway,
        parties: Iterable[Pubkey],
        poll_seconds: float,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(gateway, PROGRAMS, poll_seconds, journal)
        self._parties = tuple(parties)
        self._rules: Rules | None = None
        self._rules_slot = 0

    async def _sweep(self, slot: int) -> View:
        rules = await self._read_rules(slot)
        found = await self.gateway.program_accounts(job_registry.Job)
        addresses = [job_registry.market_address(), staking.pool_address()]
        due = self._view is not None and self._view.beacon_due
        if due or any(account.state == JobState.POSTED for _, account in found):
            addresses.append(SLOT_HASHES)
        for owner in self._parties:
            addresses += [staking.position_address(owner), job_registry.provider_address(owner)]
        for job, _ in found:
            addresses += [
                verdict.verdict_address(job),
                escrow.escrow_address(job),
                escrow.vault_address(job),
                *(staking.exposure_address(job, owner) for owner in self._parties),
            ]
        raws = dict(zip(addresses, await self.gateway.accounts(addresses), strict=True))
        market = required(job_registry.Market, raws[job_registry.market_address()])
        pool = required(staking.Pool, raws[staking.pool_address()])
        METRICS.set("jobs", len(found))
        return View(
            slot=slot,
            swept_slot=slot,
            rules=rules,
            demand_q32=market.demand_q32,
            total_staked=pool.total_staked,
            jobs={job: self._job(job, account, raws) for job, account in found},
            parties={owner: _party(owner, raws) for owner in self._parties},
            slot_hashes=slot_hashes_of(raws.get(SLOT_HASHES)),
        )

    async def _read_rules(self, slot: int) -> Rules:
        """Parameters change by governance only, so once an epoch is often enough."""
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

    def _job(
        self, address: Pubkey, account: job_registry.Job, raws: Mapping[Pubkey, RawAccount | None]
    ) -> JobSnapshot:
        judged = optional(verdict.Verdict, raws[verdict.verdict_address(address)])
        money = optional(escrow.Escrow, raws[escrow.escrow_address(address)])
        balance = tokens_of(raws[escrow.vault_address(address)])
        return JobSnapshot(
            job=job_of(address, account),
            verdict=None if judged is None else verdict_of(judged),
            escrow=None if money is None else escrow_of(money, balance),
            exposed=frozenset(
                owner
                for owner in self._parties
                if raws[staking.exposure_address(address, owner)] is not None
            ),
            version=".".join(
                "-" if part is None else str(part.sequence) for part in (account, judged, money)
            ),
        )


def _awaits_beacon(snapshot: JobSnapshot) -> bool:
    judged = snapshot.verdict
    answering = judged is not None and judged.state is VerdictState.ANSWERING
    return answering or snapshot.job.state is JobState.POSTED


def _party(owner: Pubkey, raws: Mapping[Pubkey, RawAccount | None]) -> Party:
    return Party(
        optional(staking.Position, raws[staking.position_address(owner)]),
        optional(job_registry.Provider, raws[job_registry.provider_address(owner)]),
    )
