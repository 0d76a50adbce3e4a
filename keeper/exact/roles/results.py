"""Results: fetched from the provider, checked against the committed root, kept on disk."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.data import PeerFault
from keeper.exact.decisions.codes import JobState, Outcome
from keeper.exact.decisions.state import JobSnapshot, Stage
from keeper.exact.disputes.audit import outcome_of, stages_in_force
from keeper.exact.disputes.history import job_events
from keeper.exact.roles.traces import TraceFetcher, index_is_committed
from keeper.files import replace_atomically
from keeper.node.errors import RoleError
from kernels.graph import Graph
from kernels.trace import LayoutError, tensor_root, unpack
from kernels.trace.layout import Array

FOLDER = "results"
RECORD_SUFFIX = ".json"
RESULT_SUFFIX = ".npy"
HELD = "held"
"""The folder of results whose jobs have not ended; each names the root that committed it."""


class ResultError(RoleError):
    """The result cannot be had, or is not what was committed."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """How a job ended; `result` says whether its output is kept beside the record.

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
) -> Array:
    """Returns the last operator's output as committed.

    `stages` are those in force, by default what the job's verdict says. Raises ResultError where
    its provider does not serve it, and an OwnFault where this node cannot fetch it.
    """
    stages = Committed.of(snapshot).stages if stages is None else stages
    if not stages or stages[-1].last != len(graph.descriptors):
        raise ResultError(f"job {snapshot.job.address} has no committed result")
    try:
        index, data = await traces.last_output(snapshot.job.address, stages[-1], graph)
        spec = graph.outputs[-1]
        result = unpack(data, spec.shape, spec.dtype)
    except (PeerFault, LayoutError) as error:
        raise ResultError(f"job {snapshot.job.address}: {error}") from error
    if not index_is_committed(index, stages[-1]):
        raise ResultError("the provider's index is not what it committed to")
    if tensor_root(result).hex() != index.tensor_roots[-1]:
        raise ResultError("the provider serves another result than it committed to")
    return result


class ResultArchive:
    """The ended jobs of a buyer: the chain forgets a job once its rent is reclaimed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(
        self,
        snapshot: JobSnapshot,
        slot: int,
        result: Array | None,
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
            with replace_atomically(self.path(job.address)) as file:
                np.save(file, result)
        with replace_atomically(self._record_path(job.address)) as file:
            file.write(json.dumps(asdict(record), sort_keys=True).encode())
        for held in (self._root / HELD).glob(f"{job.address}-*"):
            held.unlink(missing_ok=True)
        return record

    def hold(self, job: Pubkey, stage: Stage, result: Array) -> None:
        """Write a result that was fetched before its job has ended, and that may yet be voided."""
        with replace_atomically(self._held_path(job, stage)) as file:
            np.save(file, result)

    def held(self, job: Pubkey, stage: Stage) -> Array | None:
        """Returns the result that a last stage committed, None unless `hold` wrote it."""
        try:
            found: Array = np.load(self._held_path(job, stage), allow_pickle=False)
        except FileNotFoundError:
            return None
        return found

    def record(self, job: Pubkey) -> JobRecord | None:
        """Returns how a job ended, None when this node does not know."""
        try:
            return _read(self._record_path(job))
        except FileNotFoundError:
            return None

    def records(self) -> list[JobRecord]:
        """Returns how every job ended that this node knows."""
        return [_read(path) for path in self._root.glob(f"*{RECORD_SUFFIX}")]

    def result(self, job: Pubkey) -> Array | None:
        """Returns a kept result, None where there is none."""
        path = self.path(job)
        if not path.is_file():
            return None
        kept: Array = np.load(path, allow_pickle=False)
        return kept

    def path(self, job: Pubkey) -> Path:
        """Returns where a job's result is kept, if it is."""
        return self._root / f"{job}{RESULT_SUFFIX}"

    def _held_path(self, job: Pubkey, stage: Stage) -> Path:
        return self._root / HELD / f"{job}-{stage.root.hex()}{RESULT_SUFFIX}"

    def _record_path(self, job: Pubkey) -> Path:
        return self._root / f"{job}{RECORD_SUFFIX}"


def _read(path: Path) -> JobRecord:
    return JobRecord(**json.loads(path.read_bytes()))
