"""The chain as the roles of one process see it: read in one sweep, shared by all of them."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeVar

from solders.account import Account as RawAccount
from solders.pubkey import Pubkey
from solders.token.state import TokenAccount

from idl.client import SLOT_HASHES, Account, escrow, job_registry, staking, verdict
from keeper.chain.errors import TransientError
from keeper.chain.feed import Feed
from keeper.chain.gateway import Gateway
from keeper.jobs.state import JobSnapshot, JobState, VerdictState
from keeper.journal import Journal
from keeper.roles.conversion import escrow_of, job_of, verdict_of
from keeper.roles.errors import RoleError
from keeper.telemetry import METRICS

AccountType = TypeVar("AccountType", bound=Account)

LOG = logging.getLogger(__name__)

# The feed backfills what a lost connection missed; this bounds what a wrong feed could cost.
RECONCILE_SLOTS = 50
SLOT_HASH_BYTES = 40
SLOT_HASHES_KEPT = 512


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
class View:
    """One sweep, and the slot since.

    demand is Q32; slot_hashes, read while one is due, begin with the newest.
    """

    slot: int
    swept_slot: int
    rules: Rules
    demand_q32: int
    total_staked: int
    jobs: Mapping[Pubkey, JobSnapshot]
    parties: Mapping[Pubkey, Party]
    slot_hashes: tuple[tuple[int, bytes], ...]

    @property
    def beacon_due(self) -> bool:
        """Whether a slot's hash decides something: who claims first, or what a provider shows."""
        return any(_awaits_beacon(snapshot) for snapshot in self.jobs.values())


class ChainMirror:
    """Sweeps the chain and wakes who waits; `run` keeps it fresh, `refresh` reads at once.

    The feed tells when something has changed. Without one, and while slot hashes decide
    something, every look is a sweep.
    """

    def __init__(
        self,
        gateway: Gateway,
        parties: Iterable[Pubkey],
        poll_seconds: float,
        journal: Journal | None = None,
    ) -> None:
        self.gateway = gateway
        self._journal = journal
        self._changed = True
        self._began: tuple[float, int] | None = None
        self._parties = tuple(parties)
        self._poll_seconds = poll_seconds
        self._view: View | None = None
        self._rules: Rules | None = None
        self._rules_slot = 0
        self._lock = asyncio.Lock()
        self._woken = asyncio.Event()

    @property
    def view(self) -> View:
        """The latest sweep; RoleError before the first."""
        if self._view is None:
            raise RoleError("the chain has not been read yet")
        return self._view

    @property
    def slot_seconds(self) -> float:
        """Length of a slot as seen so far; the pause between looks before a slot has passed."""
        if self._began is None or self.view.slot <= self._began[1]:
            return self._poll_seconds
        since, first = self._began
        return (monotonic() - since) / (self.view.slot - first)

    async def run(self) -> None:
        """Look until cancelled; raises ChainError where the node refuses for good."""
        if self._journal is None:
            await self._look()
            return
        async with Feed(self.gateway, self._journal) as feed, asyncio.TaskGroup() as group:
            group.create_task(self._look())
            async for _ in feed:
                self._changed = True

    async def next_look(self) -> None:
        """Wait until a slot has passed or something has changed."""
        await self._woken.wait()

    async def refresh(self) -> View:
        """Read everything and wake all who wait."""
        async with self._lock:
            self._changed = self._journal is None
            try:
                self._view = await self._sweep()
            except BaseException:
                self._changed = True
                raise
            self._wake()
            return self._view

    async def _look(self) -> None:
        while True:
            try:
                await self._look_once()
            except TransientError as error:
                LOG.warning("the chain cannot be read for now: %s", error)
            await asyncio.sleep(self._poll_seconds)

    async def _look_once(self) -> None:
        view = self._view
        if view is None or self._changed or view.beacon_due:
            await self.refresh()
            return
        slot = await self.gateway.slot()
        if slot >= view.swept_slot + RECONCILE_SLOTS:
            await self.refresh()
        elif self._view is view and slot > view.slot:
            self._view = replace(view, slot=slot)
            self._wake()

    def _wake(self) -> None:
        METRICS.set("slot", self.view.slot)
        METRICS.set("jobs", len(self.view.jobs))
        woken, self._woken = self._woken, asyncio.Event()
        woken.set()

    def beacon(self, first_slot: int) -> bytes | None:
        """Hash of the lowest slot at or after first_slot; None when it aged out.

        Raises LookupError while it does not exist.
        """
        hashes = self.view.slot_hashes
        after = [entry for entry in hashes if entry[0] >= first_slot]
        if not after:
            raise LookupError(first_slot)
        slot, value = after[-1]
        if len(after) == len(hashes) >= SLOT_HASHES_KEPT and slot != first_slot:
            return None
        return value

    async def _sweep(self) -> View:
        slot = await self.gateway.slot()
        self._began = self._began or (monotonic(), slot)
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
        market = _required(job_registry.Market, raws[job_registry.market_address()])
        pool = _required(staking.Pool, raws[staking.pool_address()])
        sysvar = raws.get(SLOT_HASHES)
        return View(
            slot=slot,
            swept_slot=slot,
            rules=rules,
            demand_q32=market.demand_q32,
            total_staked=pool.total_staked,
            jobs={job: self._job(job, account, raws) for job, account in found},
            parties={owner: _party(owner, raws) for owner in self._parties},
            slot_hashes=_slot_hashes(bytes(sysvar.data)) if sysvar is not None else (),
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
        config = _required(escrow.Config, money)
        stakes = _required(staking.Pool, pool)
        self._rules_slot = slot
        self._rules = Rules(
            mint=stakes.mint,
            treasury=config.treasury,
            staking=stakes.params,
            escrow=config.params,
            job_registry=_required(job_registry.Registry, registry).params,
            verdict=_required(verdict.Config, judge).params,
        )
        return self._rules

    def _job(
        self, address: Pubkey, account: job_registry.Job, raws: Mapping[Pubkey, RawAccount | None]
    ) -> JobSnapshot:
        judged = _optional(verdict.Verdict, raws[verdict.verdict_address(address)])
        money = _optional(escrow.Escrow, raws[escrow.escrow_address(address)])
        vault = raws[escrow.vault_address(address)]
        balance = TokenAccount.from_bytes(bytes(vault.data)).amount if vault is not None else 0
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
        _optional(staking.Position, raws[staking.position_address(owner)]),
        _optional(job_registry.Provider, raws[job_registry.provider_address(owner)]),
    )


def _optional(kind: type[AccountType], raw: RawAccount | None) -> AccountType | None:
    return None if raw is None else kind.decode(bytes(raw.data), owner=raw.owner)


def _required(kind: type[AccountType], raw: RawAccount | None) -> AccountType:
    found = _optional(kind, raw)
    if found is None:
        raise RoleError(
            f"the cluster has no {kind.PROGRAM} {kind.__name__}; deploy the programs or correct "
            "the URL"
        )
    return found


def _slot_hashes(data: bytes) -> tuple[tuple[int, bytes], ...]:
    """SlotHashes sysvar: count u64, then slot u64 and hash, the newest first."""
    count = int.from_bytes(data[:8], "little")
    entries = (
        data[8 + at * SLOT_HASH_BYTES : 8 + (at + 1) * SLOT_HASH_BYTES] for at in range(count)
    )
    return tuple((int.from_bytes(entry[:8], "little"), entry[8:]) for entry in entries)
