"""Results: fetched from the provider, checked against the committed root, kept on disk."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from solders.pubkey import Pubkey

from keeper.data import PeerFault
from keeper.exact.decisions.codes import Outcome
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.traces import TraceFetcher, index_is_committed
from keeper.files import replace_atomically
from keeper.node.errors import RoleError
from kernels.graph import Graph
from kernels.trace import LayoutError, tensor_root, unpack
from kernels.trace.layout import Array

RECORD_SUFFIX = ".json"
RESULT_SUFFIX = ".npy"


class ResultError(RoleError):
    """The result cannot be had, or is not what was committed."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """How a job ended; `result` says whether its output is kept beside the record."""

    job: str
    state: str
    outcome: str
    provider: str | None
    concluded_slot: int
    result: bool


async def fetch_result(traces: TraceFetcher, snapshot: JobSnapshot, graph: Graph) -> Array:
    """Returns the last operator's output as committed.

    Raises ResultError where its provider does not serve it, and an OwnFault where this node cannot
    fetch it.
    """
    stages = snapshot.verdict.stages if snapshot.verdict is not None else ()
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

    def keep(self, snapshot: JobSnapshot, slot: int, result: Array | None) -> JobRecord:
        """Write the record, with the result where there is one, and return it."""
        job, verdict = snapshot.job, snapshot.verdict
        stages = verdict.stages if verdict is not None else ()
        record = JobRecord(
            job=str(job.address),
            state=job.state.name.lower(),
            outcome=(verdict.outcome if verdict is not None else Outcome.NONE).name.lower(),
            provider=str(stages[-1].provider) if stages else None,
            concluded_slot=slot,
            result=result is not None,
        )
        if result is not None:
            with replace_atomically(self._path(job.address, RESULT_SUFFIX)) as file:
                np.save(file, result)
        with replace_atomically(self._path(job.address, RECORD_SUFFIX)) as file:
            file.write(json.dumps(asdict(record), sort_keys=True).encode())
        return record

    def record(self, job: Pubkey) -> JobRecord | None:
        """Returns how a job ended, None when this node does not know."""
        try:
            return JobRecord(**json.loads(self._path(job, RECORD_SUFFIX).read_bytes()))
        except FileNotFoundError:
            return None

    def result(self, job: Pubkey) -> Array | None:
        """Returns a kept result, None where there is none."""
        path = self._path(job, RESULT_SUFFIX)
        if not path.is_file():
            return None
        kept: Array = np.load(path, allow_pickle=False)
        return kept

    def _path(self, job: Pubkey, suffix: str) -> Path:
        return self._root / f"{job}{suffix}"
