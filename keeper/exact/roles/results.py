"""Results: fetched from the providers, checked against the committed roots, kept on disk."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.data import NamedOutput, digest_of
from keeper.exact.decisions.codes import JobState, Outcome
from keeper.exact.decisions.state import JobSnapshot, Stage
from keeper.exact.disputes.audit import outcome_of, stages_in_force
from keeper.exact.disputes.history import job_events
from keeper.exact.roles.traces import TraceFetcher
from keeper.files import replace_atomically
from keeper.node.buying.results import Result, kept_path, read_result, suffix_of, write_result
from keeper.node.errors import RoleError, TraceError
from kernels.graph import Graph
from kernels.trace import LayoutError, tensor_root, unpack
from kernels.trace.layout import Array

FOLDER = "results"
RECORD_SUFFIX = ".json"
HELD = "held"
"""The folder of results whose jobs have not ended; each names the stages that committed it."""


class ResultError(RoleError):
    """The result cannot be had, or is not what was committed."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """How a job ended; `result` says whether its outputs are kept beside the record.

    `paid` is what the buyer paid in base units. It and the slot are None in records of old.
    """

    job: str
    state: str
    outcome: str
    provider: str | None
    concluded_slot: int
    result: bool
    posted_slot: int | None = None
    paid: int | None = None

    @property
    def settled(self) -> bool:
        """Whether the job was paid for."""
        return self.state == JobState.SETTLED.name.lower()


@dataclass(frozen=True, slots=True)
class Committed:
    """What stands of a job's proof: its outcome, and the stages in force."""

    outcome: Outcome
    stages: tuple[Stage, ...]

    @classmethod
    def of(cls, snapshot: JobSnapshot) -> Self:
        """Returns what the job's verdict says, nothing where there is none."""
        verdict = snapshot.verdict
        return cls(Outcome.NONE, ()) if verdict is None else cls(verdict.outcome, verdict.stages)

    @classmethod
    async def found(cls, gateway: Gateway, snapshot: JobSnapshot) -> Self:
        """Returns the same from the chain's history where the verdict is closed already.

        Its provider may close it as soon as the job is settled. Raises ChainError.
        """
        if snapshot.verdict is not None or snapshot.job.state is not JobState.SETTLED:
            return cls.of(snapshot)
        events = [landed.event for landed in await job_events(gateway, snapshot.address)]
        return cls(outcome_of(events), stages_in_force(events))


async def fetch_result(
    traces: TraceFetcher,
    snapshot: JobSnapshot,
    graph: Graph,
    stages: Sequence[Stage] | None = None,
    outputs: Sequence[NamedOutput] = (),
) -> Result:
    """Returns the outputs by name as committed, the last operator's alone where none is named.

    One output comes without its name. `stages` are those in force, by default what the job's
    verdict says. Raises ResultError where a provider does not serve one as committed, and an
    OwnFault where this node cannot fetch it.
    """
    job = snapshot.job.address
    stages = Committed.of(snapshot).stages if stages is None else stages
    count = len(graph.descriptors)
    if not stages or stages[-1].last != count:
        raise ResultError(f"job {job} has no committed result")
    named = outputs or (NamedOutput("", count - 1),)
    found: dict[int, Array] = {}
    try:
        for stage in stages:
            wanted = [each.operator for each in named if stage.first <= each.operator < stage.last]
            if not wanted:
                continue
            async for operator, root, data in traces.outputs(job, stage, wanted, graph):
                found[operator] = _checked(operator, root, data, graph)
    except (TraceError, LayoutError) as error:
        raise ResultError(f"job {job}: {error}") from error
    if len(named) == 1:
        return found[named[0].operator]
    return {each.name: found[each.operator] for each in named}


def _checked(operator: int, root: bytes, data: bytes, graph: Graph) -> Array:
    spec = graph.outputs[operator]
    array = unpack(data, spec.shape, spec.dtype)
    if tensor_root(array) != root:
        raise ResultError(
            f"the provider serves another result than it committed to, of operator {operator}"
        )
    return array


class ResultArchive:
    """The ended jobs of a buyer: the chain forgets a job once its rent is reclaimed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(
        self,
        snapshot: JobSnapshot,
        slot: int,
        result: Result | None,
        committed: Committed | None = None,
    ) -> JobRecord:
        """Write the record, with the result where there is one, and return it.

        `committed` is what stands of the proof, by default what the job's verdict says.
        """
        job, stands = snapshot.job, committed or Committed.of(snapshot)
        record = JobRecord(
            job=str(job.address),
            state=job.state.name.lower(),
            outcome=stands.outcome.name.lower(),
            provider=str(stands.stages[-1].provider) if stands.stages else None,
            concluded_slot=slot,
            result=result is not None,
            posted_slot=job.posted_slot,
            paid=snapshot.paid,
        )
        if result is not None:
            with replace_atomically(self._root / f"{job.address}{suffix_of(result)}") as file:
                write_result(file, result)
        with replace_atomically(self._record_path(job.address)) as file:
            file.write(json.dumps(asdict(record), sort_keys=True).encode())
        for held in (self._root / HELD).glob(f"{job.address}-*"):
            held.unlink(missing_ok=True)
        return record

    def hold(self, job: Pubkey, stages: Sequence[Stage], result: Result) -> None:
        """Write a result that was fetched before its job has ended, and that may yet be voided."""
        path = self._root / HELD / f"{_held_name(job, stages)}{suffix_of(result)}"
        with replace_atomically(path) as file:
            write_result(file, result)

    def held(self, job: Pubkey, stages: Sequence[Stage]) -> Result | None:
        """Returns the result that stages committed, None unless `hold` wrote it."""
        return read_result(self._root / HELD, _held_name(job, stages))

    def record(self, job: Pubkey) -> JobRecord | None:
        """Returns how a job ended, None when this node does not know."""
        try:
            return _read(self._record_path(job))
        except FileNotFoundError:
            return None

    def records(self) -> list[JobRecord]:
        """Returns how every job ended that this node knows."""
        return [_read(path) for path in self._root.glob(f"*{RECORD_SUFFIX}")]

    def result(self, job: Pubkey) -> Result | None:
        """Returns a kept result, None where there is none."""
        return read_result(self._root, str(job))

    def path(self, job: Pubkey) -> Path:
        """Returns where a job's result is kept, if it is."""
        return kept_path(self._root, str(job))

    def _record_path(self, job: Pubkey) -> Path:
        return self._root / f"{job}{RECORD_SUFFIX}"


def _held_name(job: Pubkey, stages: Sequence[Stage]) -> str:
    return f"{job}-{digest_of(b''.join(stage.root for stage in stages))}"


def _read(path: Path) -> JobRecord:
    return JobRecord(**json.loads(path.read_bytes()))
