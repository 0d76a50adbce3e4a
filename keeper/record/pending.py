"""What the end of a job will credit an owner with, by the programs' own rules."""

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import BallotState, Choice, Outcome, VerdictState
from keeper.exact.decisions.state import is_proven, voids
from keeper.tolerant.decisions.codes import RunState, TaskState
from neurolov_client import redundancy, staking, verdict
from neurolov_client.bindings.job_registry import BPS

_BORNE_OUT = {
    Outcome.ACCEPTED: Choice.ACCEPT,
    Outcome.UNPROVEN: Choice.ACCEPT,
    Outcome.FRAUD: Choice.REJECT,
    Outcome.TRAP: Choice.REJECT,
    Outcome.UNAVAILABLE: Choice.UNAVAILABLE,
    Outcome.WITHHELD: Choice.UNAVAILABLE,
}
"""The choice that an outcome pays for."""


def pending_of(owner: Pubkey, judged: verdict.Verdict, terms: staking.Parameters) -> int:
    """Returns the most base units that settling the job can credit an owner with.

    As long as nothing is decided, that is what it earns if the outcome bears it out. Nothing is
    pending once the job is settled.
    """
    if judged.state == VerdictState.SETTLED:
        return 0
    outcome = Outcome(judged.outcome)
    return (
        _stages(owner, judged, outcome, terms.escrow.fee_bps)
        + _ballots(owner, judged, outcome)
        + _proof(owner, judged, outcome)
        + sum(
            judged.tip * each.steps
            for each in judged.crankers[: judged.cranker_count]
            if each.party == owner
        )
    )


def pending_of_task(owner: Pubkey, task: redundancy.Task, terms: staking.Parameters) -> int:
    """Returns the most base units that deciding a task can credit an owner with."""
    if task.state >= TaskState.SETTLED:
        return 0
    net = task.price - _rounded_up(task.price, terms.escrow.fee_bps)
    runs = sum(
        run.provider == owner and run.state in (RunState.COMMITTED, RunState.REVEALED)
        for run in task.runs[: task.joined]
    )
    tips = sum(
        task.tip * each.steps for each in task.crankers[: task.cranker_count] if each.party == owner
    )
    return net * runs + tips


def _stages(owner: Pubkey, judged: verdict.Verdict, outcome: Outcome, fee_bps: int) -> int:
    if voids(outcome) or not judged.macs:
        return 0
    net = 0
    for stage in judged.stages[: judged.stage_count]:
        if stage.provider == owner:
            gross = stage.price * stage.macs // judged.macs
            net += gross - _rounded_up(gross, fee_bps)
    return net


def _ballots(owner: Pubkey, judged: verdict.Verdict, outcome: Outcome) -> int:
    paid = 0
    for ballot in judged.ballots[: judged.ballot_count]:
        if ballot.verifier != owner:
            continue
        undecided = outcome is Outcome.NONE and ballot.state == BallotState.CAST
        revealed = ballot.choice and (
            outcome in (Outcome.NONE, Outcome.UNVERIFIED)
            or _BORNE_OUT.get(outcome) == ballot.choice
        )
        paid += judged.verification_fee if undecided or revealed else 0
    return paid


def _proof(owner: Pubkey, judged: verdict.Verdict, outcome: Outcome) -> int:
    fraud = judged.fraud
    if not is_proven(outcome) or fraud.challenger != owner:
        return 0
    if outcome is Outcome.TRAP:
        return min(judged.verification_fee, judged.stages[fraud.stage].price)
    return fraud.bounty


def _rounded_up(amount: int, bps: int) -> int:
    return -(-amount * bps // BPS)
