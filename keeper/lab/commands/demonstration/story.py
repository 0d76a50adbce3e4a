"""Runs the demonstration's job from posting to payment and reports each step."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.compute import SelectedExecutor, hasher_on, self_test
from keeper.data import Spool
from keeper.exact.decisions.codes import JobState, Outcome
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles import Provider, Verifier
from keeper.exact.roles.traces import StoredTrace, TraceFetcher, TraceMissingError
from keeper.lab.commands.demonstration.expectations import failures
from keeper.lab.commands.demonstration.report import CheckFigures, DemoReport, ProofFigures
from keeper.lab.commands.demonstration.workload import Workload, digits
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_mint
from keeper.lab.market.balances import burned_by_rule, conserved, read_balances
from keeper.lab.market.cheats import Cheat, CheatingExecutor
from keeper.lab.market.marketplace import (
    PROVIDER_BUDGET,
    PROVIDER_STAKE,
    PROVIDERS,
    SLOT_MS,
    Marketplace,
    open_marketplace,
)
from keeper.lab.market.venue import LocalnetVenue, Venue
from keeper.node.errors import RoleError
from kernels.graph import Graph
from kernels.graph.reference import NumpyExecutor
from kernels.trace import pack, unpack
from kernels.trace.layout import Array
from neurolov_client import verdict

TERMS = JobOffer(price=20 * NLOV, verification_fee=NLOV // 5, tip=NLOV // 100)
PATIENCE_SLOTS = 3_000
Tell = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Script:
    """What to demonstrate: which workload, and an honest, a cheating or a silent provider."""

    cheat: Cheat | None = None
    silent: bool = False
    port: int = 0
    workload: Workload = field(default_factory=digits)

    @property
    def title(self) -> str:
        """The demonstration in a few words."""
        if self.cheat is not None:
            return f"a provider cheats ({self.cheat})"
        return "the first provider goes silent" if self.silent else "everybody is honest"


@dataclass(frozen=True, slots=True)
class Ended:
    """The job as it ended, and what its provider committed; no outputs where one is missing."""

    snapshot: JobSnapshot
    outputs: list[bytes]
    slots: int


async def play(script: Script, selected: SelectedExecutor, folder: Path, tell: Tell) -> DemoReport:
    """Runs the demonstration on its own localnet and returns the report."""
    mint = localnet_mint()
    async with Localnet(
        programs=built_programs(), mint=mint, port=script.port, slot_ms=SLOT_MS
    ) as net:
        return await play_at(LocalnetVenue(net), script, selected, folder, tell)


async def play_at(
    venue: Venue, script: Script, selected: SelectedExecutor, folder: Path, tell: Tell
) -> DemoReport:
    """Runs the demonstration on a cluster without deployed programs and returns the report."""
    tested = self_test(selected.executor)
    rate = tested.macs_per_slot(SLOT_MS / 1000)
    tell(0, f"executor {selected.name}: {tested.operators} operators bit-equal to NumPy")
    async with open_marketplace(venue, folder, rate) as marketplace:
        tell(marketplace.mirror.view.slot, f"deployed at {venue.url}, and all stake counts")
        tell(
            marketplace.mirror.view.slot,
            "from here on operators sign for the providers; a stolen operator's key can lose "
            f"{PROVIDER_BUDGET // NLOV:,} of {PROVIDER_STAKE // NLOV:,} NLOV",
        )
        return await _perform(marketplace, script, selected, tell)


async def _perform(
    marketplace: Marketplace, script: Script, selected: SelectedExecutor, tell: Tell
) -> DemoReport:
    workload = script.workload
    network, inputs = workload.graph, list(workload.inputs)
    executor = selected.executor
    if script.cheat is not None:
        executor = CheatingExecutor(executor, script.cheat)
    providers = [marketplace.provider(name, executor) for name in PROVIDERS]
    verifiers = marketplace.verifiers(hasher_on(selected.executor))
    gateway, mint = marketplace.services.gateway, marketplace.parties.mint
    before = await read_balances(gateway, mint, marketplace.parties.owners)
    burned_before = await burned_by_rule(gateway)
    staked_before = await _staked(marketplace)
    crank = marketplace.crank()
    roles = [crank, marketplace.buyer, *verifiers]
    async with _running(marketplace.mirror.run(), *(role.run() for role in roles)):
        job = await _post(marketplace, network, inputs, tell)
        async with _providing(marketplace, providers, job, script, tell):
            ended = await _follow(marketplace, network, job, tell)
            marketplace.buyer.keep.discard(job)
            await _until(
                marketplace,
                lambda: job not in marketplace.mirror.view.jobs and not crank.fee_shards,
            )
            tell(marketplace.mirror.view.slot, "everybody is paid, every account closed")
        await marketplace.mirror.refresh()
        after = await read_balances(gateway, mint, marketplace.parties.owners)
        burned = await burned_by_rule(gateway) - burned_before
    cost = next(provider.costs[job] for provider in providers if job in provider.costs)
    expected = NumpyExecutor().execute(network, inputs)
    figures = DemoReport(
        story=script.title,
        executor=selected.name,
        on_gpu=selected.on_gpu,
        verdict=_outcome(ended.snapshot).name.lower(),
        proof=await _proof(marketplace, job),
        accuracy=_quality(workload, ended.outputs),
        measure=workload.measure,
        wanted=workload.wanted,
        bit_exact=ended.outputs == [pack(output).tobytes() for output in expected],
        macs=network.multiply_adds,
        execution_seconds=cost.execution_seconds + cost.commitment_seconds,
        checks=_checks(marketplace, verifiers, job),
        slots=ended.slots,
        before=before,
        after=after,
        staked_before=staked_before,
        staked_after=await _staked(marketplace),
        burned=burned,
        conserved=conserved(before, after, burned),
        failures=(),
    )
    return failures(figures, script.cheat is not None, script.silent)


@asynccontextmanager
async def _running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Runs loops beside the block and ends them with it; a loop that fails ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop) for loop in loops]
        yield tasks
        for task in tasks:
            task.cancel()


@asynccontextmanager
async def _providing(
    marketplace: Marketplace, providers: list[Provider], job: Pubkey, script: Script, tell: Tell
) -> AsyncIterator[None]:
    """Runs the first provider or, after its claim if it is to go silent, the second one."""
    first, second = providers
    if not script.silent:
        async with _running(first.run()):
            yield
        return
    async with _running(first.run()):
        await _until(marketplace, lambda: _is_claimed(marketplace, job))
    tell(marketplace.mirror.view.slot, f"{PROVIDERS[0]} goes silent")
    async with _running(second.run()):
        yield


def _is_claimed(marketplace: Marketplace, job: Pubkey) -> bool:
    found = marketplace.mirror.view.jobs.get(job)
    return found is not None and found.job.state is JobState.CLAIMED


async def _post(
    marketplace: Marketplace, network: Graph, inputs: list[Array], tell: Tell
) -> Pubkey:
    poster = marketplace.poster
    address = await marketplace.graphs.register(network)
    tell(marketplace.mirror.view.slot, f"graph {address} registered")
    manifest = poster.store_workload(network, inputs)
    url = marketplace.storages["buyer"].url
    job = await poster.post(address, manifest, inputs, TERMS, url)
    marketplace.buyer.keep.add(job)
    return job


async def _follow(marketplace: Marketplace, network: Graph, job: Pubkey, tell: Tell) -> Ended:
    """Reports each step until the job ends, then fetches what was committed."""
    posted, told = marketplace.mirror.view.slot, ""
    while True:
        view = marketplace.mirror.view
        snapshot = view.jobs.get(job)
        if snapshot is not None:
            step = _described(marketplace, snapshot)
            if step != told:
                tell(view.slot, step)
                told = step
            if snapshot.job.ended:
                break
        if view.slot > posted + PATIENCE_SLOTS:
            raise RoleError(f"job {job} has not ended after {PATIENCE_SLOTS} slots: {told}")
        await marketplace.mirror.next_view()
    outputs = await _committed(marketplace, network, snapshot)
    return Ended(snapshot, outputs, view.slot - posted)


async def _committed(
    marketplace: Marketplace, network: Graph, snapshot: JobSnapshot
) -> list[bytes]:
    services = marketplace.services
    source = TraceFetcher(services.client, services.gateway)
    stages = snapshot.verdict.stages if snapshot.verdict is not None else ()
    async with Spool(marketplace.storages["buyer"].store) as spool:
        try:
            indexes = await source.stages(snapshot.address, stages, network, spool)
        except TraceMissingError:
            return []
        return list(StoredTrace.of(spool, indexes).outputs)


def _quality(workload: Workload, outputs: list[bytes]) -> float:
    if not outputs:
        return 0.0
    spec = workload.graph.outputs[-1]
    return workload.quality(unpack(outputs[-1], spec.shape, spec.dtype))


async def _until(marketplace: Marketplace, holds: Callable[[], bool]) -> None:
    started = marketplace.mirror.view.slot
    while not holds():
        if marketplace.mirror.view.slot > started + PATIENCE_SLOTS:
            raise RoleError(f"nothing has happened for {PATIENCE_SLOTS} slots")
        await marketplace.mirror.next_view()


async def _staked(marketplace: Marketplace) -> dict[str, int]:
    view = await marketplace.mirror.refresh()
    return {
        name: position.amount
        for name, key in marketplace.parties.keys.items()
        if (position := view.parties[key.pubkey()].position) is not None
    }


def _described(marketplace: Marketplace, snapshot: JobSnapshot) -> str:
    names = {key.pubkey(): name for name, key in marketplace.parties.keys.items()}
    job, verdict = snapshot.job, snapshot.verdict
    words = f"job {str(job.address)[:8]} {job.state.name.lower()}"
    if job.state is JobState.CLAIMED and job.lease is not None:
        words += f" by {names[job.lease.provider]} for {job.lease.price / NLOV:.3f} NLOV"
    if verdict is not None and verdict.stages:
        words += f", verdict {verdict.state.name.lower()}"
    if verdict is not None and verdict.ballots:
        cast = [ballot.state.name.lower() for ballot in verdict.ballots]
        words += f", ballots {', '.join(cast)}"
    if verdict is not None and verdict.outcome is not Outcome.NONE:
        words += f": {verdict.outcome.name.lower()}"
    return words


def _outcome(snapshot: JobSnapshot) -> Outcome:
    return snapshot.verdict.outcome if snapshot.verdict is not None else Outcome.NONE


async def _proof(marketplace: Marketplace, job: Pubkey) -> ProofFigures | None:
    receipt = await marketplace.services.gateway.fetch(
        verdict.Receipt, verdict.receipt_address(job)
    )
    if receipt is None:
        return None
    names = {key.pubkey(): name for name, key in marketplace.parties.keys.items()}
    return ProofFigures(
        challenger=names[receipt.challenger],
        operator=receipt.operator,
        element=receipt.element,
        expected=receipt.expected,
        committed=receipt.committed,
        slashed=receipt.slashed,
        burned=receipt.burned,
        bounty=receipt.bounty,
    )


def _checks(
    marketplace: Marketplace, verifiers: list[Verifier], job: Pubkey
) -> tuple[CheckFigures, ...]:
    names = {key.pubkey(): name for name, key in marketplace.parties.keys.items()}
    return tuple(
        CheckFigures(names[verifier.owner], found.cost.macs, found.cost.seconds)
        for verifier in verifiers
        if (found := verifier.verdicts.get(job)) is not None
    )
