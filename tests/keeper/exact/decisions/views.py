"""Snapshots to decide on, with defaults of a job in the middle of its life."""

from dataclasses import replace
from typing import Any

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import BallotState, JobState, Outcome, VerdictState
from keeper.exact.decisions.state import (
    Availability,
    DrawnBallot,
    Exposure,
    Job,
    JobSnapshot,
    Lease,
    Stage,
    Verdict,
)
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.node.decisions.escrow import Credit, Escrow


def key(number: int) -> Pubkey:
    return Pubkey(bytes([number] * 32))


JOB, BUYER, GRAPH = key(1), key(2), key(3)
PROVIDER, OTHER, VERIFIER, CRANK = key(4), key(5), key(6), key(7)
EXPOSURE = Exposure(amount=25_000_000, bond=100_000)
PARAMETERS = LOCALNET_PARAMETERS


def job(state: JobState = JobState.POSTED, **fields: Any) -> Job:
    base = Job(
        address=JOB,
        buyer=BUYER,
        graph=GRAPH,
        spec_root=bytes(32),
        manifest=bytes(32),
        source="http://127.0.0.1:1",
        input_root=bytes(32),
        macs=1_000,
        operators=10,
        state=state,
        attempts=0,
        progress=0,
        price=1_000_000,
        urgency=0,
        posted_slot=100,
        claim_deadline=400,
        score_q32=0,
        terms=0,
        lease=None,
    )
    return replace(base, **fields)


def lease(provider: Pubkey = PROVIDER, expires: int = 250) -> Lease:
    return Lease(provider, claimed_slot=110, expires_slot=expires, cap_slot=900, price=1_000)


def claimed(**fields: Any) -> Job:
    return job(JobState.CLAIMED, **({"lease": lease()} | fields))


def stage(provider: Pubkey = PROVIDER, first: int = 0, last: int = 10) -> Stage:
    return Stage(provider, bytes([9] * 32), first, last)


def ballot(index: int, state: BallotState = BallotState.DRAWN, **fields: Any) -> DrawnBallot:
    base = DrawnBallot(index, seat=index, draw=1, state=state, verifier=None)
    if state is not BallotState.DRAWN:
        base = replace(base, verifier=VERIFIER)
    return replace(base, **fields)


def verdict(state: VerdictState = VerdictState.COMMITTING, **fields: Any) -> Verdict:
    base = Verdict(
        state=state,
        outcome=Outcome.NONE,
        committed_slot=200,
        draws=1 if state >= VerdictState.BALLOTING else 0,
        salt_known=False,
        ballot_deadline=500,
        reveal_deadline=650,
        window_end=700,
        stages=(stage(),) if state else (),
        ballots=(),
        payer=PROVIDER,
        snapshot_epochs=(3, 4, 5),
    )
    return replace(base, **fields)


def availability(answered: int = 0) -> Availability:
    return Availability(seed=bytes([8] * 32), asked_slot=500, deadline=650, answered=answered)


def escrow(*credits: tuple[Pubkey, int, bool], **fields: Any) -> Escrow:
    owed = tuple(Credit(*credit) for credit in credits)
    unpaid = sum(credit.amount for credit in owed if not credit.paid)
    base = Escrow(final=bool(owed), credits=owed, fee_due=0, balance=unpaid)
    return replace(base, **fields)


def view(
    found: Job, judged: Verdict | None = None, money: Escrow | None = None, *exposed: Pubkey
) -> JobSnapshot:
    return JobSnapshot(found, judged, money, PARAMETERS, dict.fromkeys(exposed, EXPOSURE))
