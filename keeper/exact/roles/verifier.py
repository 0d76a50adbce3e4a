"""The verifier: checks the jobs that its seat is drawn for, and votes by what it found."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.chain.errors import ProgramError
from keeper.chain.submit import Submitter
from keeper.compute import HostLane, Lane
from keeper.data import OwnFault, Spool, StageIndex
from keeper.exact.decisions import verifier as rules
from keeper.exact.decisions.actions import (
    CastBallot,
    Check,
    ProveFraud,
    ReleaseBallot,
    RevealBallot,
)
from keeper.exact.decisions.codes import Choice
from keeper.exact.decisions.held import held_by_verifier
from keeper.exact.decisions.retention import verifier_keeps
from keeper.exact.decisions.state import JobSnapshot, Verdict
from keeper.exact.decisions.verifier import VerifierSnapshot
from keeper.exact.disputes.upload import EvidenceUploader
from keeper.exact.roles.archive import TraceLoader
from keeper.exact.roles.ballots import Ballots
from keeper.exact.roles.challenger import Challenger
from keeper.exact.roles.data import JobData
from keeper.exact.roles.mirror import JobMirror, View
from keeper.exact.roles.role import Role
from keeper.exact.roles.sums import ToldSums
from keeper.exact.roles.traces import StoredTrace, TraceFetcher, TraceMissingError
from keeper.exact.roles.transactions import cast
from keeper.exact.roles.workload import JobWorkload
from keeper.exact.verification import (
    Accept,
    Advice,
    Ballot,
    CheckCost,
    CommittedStage,
    Reject,
    TraceVerdict,
    Unavailable,
    ballot_commitment,
    verify_trace,
)
from keeper.node.decisions.actions import Action, Decision
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.held import Held
from keeper.node.decisions.retention import Keeping
from keeper.node.errors import RoleError, WorkloadError
from keeper.telemetry import METRICS
from kernels.trace import Hasher, stored_roots
from neurolov_client import verdict

LOG = logging.getLogger(__name__)

OVERTAKEN = "AlreadyProven"
# How long providers may take to tell sums, without which a verifier recomputes.
SUMS_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class VerifierTools:
    """What a verifier works with."""

    lane: Lane
    data: JobData
    ballots: Ballots
    hasher: Hasher = stored_roots


class Verifier(Role):
    """Checks traces for one owner of a seat."""

    name = "verifier"

    def __init__(
        self, mirror: JobMirror, submitter: Submitter, owner: Pubkey, tools: VerifierTools
    ) -> None:
        super().__init__(mirror, submitter, owner)
        self._tools = tools
        self._traces = TraceFetcher(tools.data.client, mirror.gateway)
        host = HostLane()
        self._committed = TraceLoader(host, tools.data.workloads, self._traces, tools.data.archive)
        uploader = EvidenceUploader(mirror.gateway, submitter)
        self._challenger = Challenger(uploader, submitter.key, owner, host)
        self._ready = tools.ballots.keys()
        self._seated = False
        self.verdicts: dict[Pubkey, TraceVerdict] = {}

    def decide(self, view: View, jobs: tuple[JobSnapshot, ...], clock: Clock) -> Decision:
        """Returns the next action, by `keeper.exact.decisions.verifier`.

        Raises OperatorError once the owner has named another operator.
        """
        party = view.parties[self.owner]
        judge = view.terms.parameters.verdict
        self.require_acting(party, judge.ballot_exposure + judge.silence_fee)
        if party.seat is None and self._seated:
            self.drain.begin()
        self._seated = party.seat is not None
        snapshot = self._snapshot(view, jobs)
        return rules.next_work(snapshot, clock) or rules.next_action(snapshot, clock)

    def _snapshot(self, view: View, jobs: tuple[JobSnapshot, ...]) -> VerifierSnapshot:
        party = view.parties[self.owner]
        return VerifierSnapshot(
            owner=self.owner,
            seat=party.seat,
            jobs=jobs,
            stake=party.stake,
            by_operator=self.signer != self.owner,
            ready=self._ready,
            running=self.running,
        )

    def held(self, view: View) -> tuple[Held, ...]:
        """Returns the ballots that it has to cast or reveal, and the frauds that it can prove."""
        snapshot = self._snapshot(view, tuple(view.jobs.values()))
        return held_by_verifier(snapshot, Clock(view.slot))

    def farewell(self, view: View) -> str | None:
        """Returns what the seat costs while its verifier is away, or that it is closed."""
        seat, fee = view.parties[self.owner].seat, view.terms.parameters.verdict.silence_fee
        if seat is None:
            return "the seat is closed, so nothing is left to check"
        return (
            f"seat {seat.index} may still be drawn, and each ballot that nobody casts for it "
            f"costs {nlov(fee)} NLOV; give it up with: neurolov verifier leave"
        )

    async def perform(self, action: Action, view: View) -> None:
        """Check beside the loop, vote by the kept ballot, and send the rest."""
        match action:
            case Check(job, ballot):
                await self._check_or_abstain(view.jobs[job], ballot)
            case CastBallot(job, ballot):
                await self._cast(action, view)
            case RevealBallot(job, ballot):
                kept = self._tools.ballots.get((job, ballot))
                reveal = verdict.reveal_ballot(
                    ballot=ballot,
                    choice=int(kept.choice),
                    operator=kept.operator,
                    element=kept.element,
                    salt=kept.salt,
                    verdict=verdict.verdict_address(job),
                )
                await self.send(action, view, reveal)
            case ProveFraud(job, operator, element):
                await self._prove(view.jobs[job], operator, element)
            case ReleaseBallot(job, ballot):
                await super().perform(action, view)
                await self._tidy(view.jobs[job], ballot)
                self._tools.ballots.discard((job, ballot))
                self._ready = self._tools.ballots.keys()
            case _:
                await super().perform(action, view)

    async def _cast(self, action: CastBallot, view: View) -> None:
        kept = self._tools.ballots.get((action.job, action.ballot))
        commitment = ballot_commitment(kept, bytes(self.owner), bytes(action.job))
        seat = _judged(view.jobs[action.job]).ballots[action.ballot].seat
        context = await self.context(action, view)
        await self.send(action, view, cast(context, action.ballot, seat, commitment))

    async def _prove(self, snapshot: JobSnapshot, operator: int, element: int) -> None:
        trace = await self._committed.get(snapshot)
        wrong = await self._challenger.examine(snapshot, trace, operator, element)
        try:
            await self._challenger.prove(snapshot, trace, wrong, salt=None)
        except ProgramError as error:
            if error.name != OVERTAKEN:
                raise
            LOG.info("verifier %s: somebody else proved it: %s", self.owner, error)

    async def _tidy(self, snapshot: JobSnapshot, ballot: int) -> None:
        """Close an upload that somebody else's proof, or the end of the window, overtook."""
        rejected = _judged(snapshot).ballots[ballot].rejected
        if rejected is not None:
            operator, element = rejected
            await self._challenger.tidy(snapshot.job.address, operator, element)

    async def tidy(self, view: View) -> None:
        """Drop the data of jobs that are checked, unless they are still to be proven wrong."""
        running = {action.subject for action in self.running}

        def keeping(job: Pubkey) -> Keeping:
            if job in running:
                return Keeping.NEEDED
            rejected = self._tools.data.archive.job(job) is not None
            return verifier_keeps(view.jobs.get(job), rejected=rejected)

        await self._tools.data.evict(keeping)

    async def _check_or_abstain(self, snapshot: JobSnapshot, index: int) -> None:
        try:
            await self._check(snapshot, index)
        except (OwnFault, OSError) as error:
            METRICS.count("abstentions_total", role=self.name, reason=type(error).__name__)
            LOG.warning(
                "verifier %s: abstains on job %s by its own fault: %s",
                self.owner, snapshot.address, error,
            )  # fmt: skip
            raise
        finally:
            if self._tools.data.archive.job(snapshot.address) is None:
                # What was accepted is not needed any more; the next check needs the room.
                await asyncio.to_thread(self._tools.data.reservation(snapshot.address).release)

    async def _check(self, snapshot: JobSnapshot, index: int) -> None:
        """Keep a ballot of what was found.

        Raises an OwnFault where this node has no room, or cannot fetch, read or hash the data: then
        it abstains, because no other party is to blame.
        """
        job = snapshot.job
        ballot = Ballot.create(Choice.UNAVAILABLE)
        try:
            workload = await self._workload(snapshot)
        except WorkloadError as error:
            LOG.warning("verifier %s: %s", self.owner, error)
        else:
            found = await self._examined(snapshot, workload)
            self.verdicts[job.address] = found
            ballot = _ballot_for(found)
            LOG.info(
                "verifier %s: job %s: %s, %d multiply-adds in %.3f s, %d operators by told sums",
                self.owner, job.address, found.finding, found.cost.macs, found.cost.seconds,
                found.cost.advised,
            )  # fmt: skip
        key = job.address, index
        await asyncio.to_thread(self._tools.ballots.keep, key, ballot)
        self._ready = self._ready | {key}

    async def _workload(self, snapshot: JobSnapshot) -> JobWorkload:
        """Fetch the workload in time; raises WorkloadError or an OwnFault."""
        seconds = self.mirror.transfer_seconds(_judged(snapshot).ballot_deadline)
        try:
            async with asyncio.timeout(seconds):
                return await self._tools.data.workloads.get(snapshot.job, with_trace=True)
        except TimeoutError as error:
            raise WorkloadError(f"job {snapshot.address}: it is served too slowly") from error

    async def _examined(self, snapshot: JobSnapshot, workload: JobWorkload) -> TraceVerdict:
        """Fetch the trace to disk, check it from there, and keep it only where it is wrong.

        Raises an OwnFault where this node cannot fetch or read it.
        """
        async with Spool(self._tools.data.reservation(snapshot.address)) as spool:
            try:
                indexes = await self._fetch(snapshot, workload, spool)
            except TraceMissingError as error:
                LOG.warning("verifier %s: %s", self.owner, error)
                return TraceVerdict(Unavailable(error.missing), CheckCost())
            told = await self._sums(snapshot, workload, indexes, spool)
            trace = StoredTrace.of(spool, indexes)
            found = await self._verify(snapshot, workload, trace, told)
            if isinstance(found.finding, Reject):
                # It will be proven wrong, and its provider may stop serving it.
                spool.keep()
                await self._tools.lane.run(self._tools.data.archive.keep, snapshot.job, indexes)
        return found

    async def _fetch(
        self, snapshot: JobSnapshot, workload: JobWorkload, spool: Spool
    ) -> list[StageIndex]:
        """Fetch every committed output in time; raises TraceMissingError or an OwnFault."""
        judged, job = _judged(snapshot), snapshot.job.address
        try:
            async with asyncio.timeout(self.mirror.transfer_seconds(judged.ballot_deadline)):
                return await self._traces.stages(job, judged.stages, workload.graph, spool)
        except TimeoutError as error:
            raise TraceMissingError(job, "the trace", "it is served too slowly") from error

    async def _sums(
        self,
        snapshot: JobSnapshot,
        workload: JobWorkload,
        indexes: list[StageIndex],
        spool: Spool,
    ) -> ToldSums:
        """Returns what the providers tell in time of the sums of products to int8."""
        digests: dict[int, str] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(SUMS_SECONDS):
                stages = _judged(snapshot).stages
                fetched = self._traces.sums(stages, indexes, workload.graph, spool)
                async for operator, digest in fetched:
                    digests[operator] = digest
        return ToldSums(spool, digests, workload.graph)

    async def _verify(
        self, snapshot: JobSnapshot, workload: JobWorkload, trace: StoredTrace, told: Advice
    ) -> TraceVerdict:
        stages = [
            CommittedStage(stage.first, stage.last, stage.root)
            for stage in _judged(snapshot).stages
        ]
        return await self._tools.lane.run(
            verify_trace,
            workload.graph,
            workload.inputs,
            trace.outputs,
            stages,
            hasher=self._tools.hasher,
            advice=told,
        )


def _judged(snapshot: JobSnapshot) -> Verdict:
    if snapshot.verdict is None:
        raise RoleError(f"job {snapshot.job.address} has no verdict to check")
    return snapshot.verdict


def _ballot_for(found: TraceVerdict) -> Ballot:
    match found.finding:
        case Accept():
            return Ballot.create(Choice.ACCEPT)
        case Reject(operator, element):
            return Ballot.create(Choice.REJECT, operator, element)
        case _:
            return Ballot.create(Choice.UNAVAILABLE)
