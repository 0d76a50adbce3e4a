"""Which jobs' data a provider and a verifier keep."""

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.state import JobSnapshot
from keeper.node.decisions.retention import Keeping


def provider_keeps(snapshot: JobSnapshot | None, owner: Pubkey, *, claiming: bool) -> Keeping:
    """Returns for how long a provider keeps a job's data; None stands for a job that was closed.

    While the job runs, whoever holds it or committed a stage of it may have to execute, answer or
    serve. `claiming` says that the provider is about to claim the job. After the end the outputs
    are retained, so that the buyer can fetch them.
    """
    if snapshot is None:
        return Keeping.DONE
    job, verdict = snapshot.job, snapshot.verdict
    committed = verdict is not None and any(stage.provider == owner for stage in verdict.stages)
    if job.ended:
        # The account of a settled job's verdict may be closed before the job's own.
        served = committed or (job.lease is not None and job.lease.provider == owner)
        return Keeping.RETAINED if served else Keeping.DONE
    held = job.state is JobState.CLAIMED and job.lease is not None and job.lease.provider == owner
    offered = claiming and job.state is JobState.POSTED
    return Keeping.NEEDED if committed or held or offered else Keeping.DONE


def verifier_keeps(snapshot: JobSnapshot | None, *, rejected: bool) -> Keeping:
    """Returns for how long a verifier keeps a job's data; None stands for a job that was closed.

    What it rejected it may have to prove until the job ends, and others may want to judge again
    for some time after. Anything else is dropped as soon as it has been checked.
    """
    if not rejected:
        return Keeping.DONE
    ended = snapshot is None or snapshot.job.ended
    return Keeping.RETAINED if ended else Keeping.NEEDED
