"""Where a job stands, as a document and as one line."""

from typing import Any

from keeper.amounts import nlov
from keeper.exact.decisions.codes import BallotState, JobState, VerdictState
from keeper.exact.decisions.state import JobSnapshot, Verdict


def job_status(snapshot: JobSnapshot) -> dict[str, Any]:
    """Returns where a job stands; its price is in base units."""
    found, verdict = snapshot.job, snapshot.verdict
    document: dict[str, Any] = {
        "job": str(found.address),
        "state": found.state.name.lower(),
        "progress": f"{found.progress}/{found.operators}",
    }
    if found.lease is not None:
        document["provider"] = str(found.lease.provider)
        document["price"] = found.lease.price
    if verdict is not None:
        document["verdict"] = verdict.state.name.lower()
        document["outcome"] = verdict.outcome.name.lower()
        document["ballots"] = [ballot.state.name.lower() for ballot in verdict.ballots]
    return document


def progress_line(snapshot: JobSnapshot) -> str:
    """Returns where a job stands, in a few words."""
    job, verdict = snapshot.job, snapshot.verdict
    if job.state is JobState.CLAIMED and job.lease is not None:
        price = f"claimed by {job.lease.provider} for {nlov(job.lease.price)} NLOV"
        return f"{price}, {job.progress} of {job.operators} operators done"
    if job.state is JobState.COMMITTED and verdict is not None:
        return _judged(verdict)
    return job.state.name.lower()


def _judged(verdict: Verdict) -> str:
    latest = verdict.latest_draw
    match verdict.state:
        case VerdictState.COMMITTED:
            return "committed, verifiers are about to be drawn"
        case VerdictState.BALLOTING:
            revealed = sum(each.state is BallotState.REVEALED for each in latest)
            return f"{len(latest)} verifiers drawn, {revealed} ballots revealed"
        case VerdictState.ANSWERING:
            return "the data were demanded, the provider has to show them"
        case VerdictState.DISPUTED:
            return "most verifiers reject the result, which somebody has to prove"
        case VerdictState.DECIDED:
            return f"{verdict.outcome.name.lower()}, the challenge window is open"
        case _:
            return f"committed, {verdict.state.name.lower()}"
