"""A process that checks the wide job as a verifier does, and may not hold more than a limit.

It is given the URL that serves the job, its folder, the job's hashes and the limit in bytes.
"""

import asyncio
import json
import resource
import sys
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.compute import ComputeLane
from keeper.data import BlobStore, Spool, StageIndexes, open_client
from keeper.exact.decisions.state import Stage
from keeper.exact.disputes.committed_trace import CommittedTrace, claim_of
from keeper.exact.roles.archive import ArchivedJob, TraceArchive
from keeper.exact.roles.traces import StoredTrace, fetch_stage
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.exact.verification import CommittedStage, Reject, verify_trace
from tests.keeper.exact.roles.wide_job import JOB, OPERATORS, TRACE_BYTES


async def check(job: ArchivedJob, root: bytes, folder: Path) -> dict[str, object]:
    """Fetch, verify, keep and judge; returns what was found."""
    store = BlobStore(folder, 2 * TRACE_BYTES)
    archive = TraceArchive(folder, store, StageIndexes(folder))
    stage = Stage(Pubkey.default(), root, 0, OPERATORS)
    with ComputeLane() as lane:
        return await checked(job, stage, archive, lane) | {
            "left_bytes": store.used_bytes,
            "peak_bytes": peak_bytes(),
        }


async def checked(
    job: ArchivedJob, stage: Stage, archive: TraceArchive, lane: ComputeLane
) -> dict[str, object]:
    """As `keeper.exact.roles.verifier` and, for the proof, `challenger` do."""
    store = archive.store
    async with Spool(store) as spool, open_client(allow_private=True) as client:
        workload = await WorkloadFetcher(client, store, lane).get(job)
        index = await fetch_stage(client, job.source, JOB, stage, workload.graph, spool)
        trace = StoredTrace.of(spool, [index])
        stages = [CommittedStage(0, OPERATORS, stage.root)]
        verdict = await lane.run(
            verify_trace, workload.graph, workload.inputs, trace.outputs, stages
        )
        assert isinstance(verdict.finding, Reject)
        archive.keep(job, [index])
        kept = archive.trace(JOB, [stage])
        inputs = (job.input_root, len(workload.inputs))
        claim = claim_of(job.spec_root, OPERATORS, inputs, [stage])
        case = CommittedTrace(workload.graph, workload.inputs, kept.outputs, claim, kept.roots)
        judged = await lane.run(case.judge, verdict.finding.operator, verdict.finding.element)
        stored = store.used_bytes
    return {
        "wrong": [verdict.finding.operator, verdict.finding.element],
        "folded": verdict.cost.folded,
        "fraud": judged.is_fraud,
        "stored_bytes": stored,
    }


def peak_bytes() -> int:
    """The most memory that this process has had resident, since it was executed."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (line,) = (each for each in lines if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main() -> None:
    job, root, folder, limit = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    found = asyncio.run(check(ArchivedJob(**job), bytes.fromhex(root), Path(folder)))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
