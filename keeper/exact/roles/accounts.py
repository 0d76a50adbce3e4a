"""Accounts of jobs as types that decisions read: no other file knows both."""

from solders.pubkey import Pubkey

from keeper.exact.decisions.codes import BallotState, Choice, JobState, Outcome, VerdictState
from keeper.exact.decisions.crank import QueuedTerms, Seat
from keeper.exact.decisions.selection import Registration
from keeper.exact.decisions.state import (
    Availability,
    DrawnBallot,
    Job,
    Lease,
    Stage,
    Verdict,
    convicts,
)
from keeper.exact.decisions.verifier import HeldSeat
from keeper.node.accounts import NOBODY, url_text
from neurolov_client import job_registry, staking
from neurolov_client import verdict as verdict_program
from neurolov_client.bindings.staking import HELD


def job_of(address: Pubkey, account: job_registry.Job) -> Job:
    """Returns a Job account as a job."""
    lease = account.lease
    held = lease.provider != NOBODY
    return Job(
        address=address,
        buyer=account.buyer,
        graph=account.graph,
        spec_root=account.spec_root,
        manifest=account.manifest,
        source=url_text(account.source),
        input_root=account.input_root,
        macs=account.macs,
        operators=account.operators,
        state=JobState(account.state),
        attempts=account.attempts,
        progress=account.progress,
        price=account.price,
        urgency=account.urgency,
        posted_slot=account.posted_slot,
        claim_deadline=account.claim_deadline,
        score_q32=account.score_q32,
        terms=account.terms,
        lease=Lease(
            provider=lease.provider,
            claimed_slot=lease.claimed_slot,
            expires_slot=lease.expires_slot,
            cap_slot=lease.cap_slot,
            price=lease.price,
        )
        if held
        else None,
    )


def verdict_of(account: verdict_program.Verdict) -> Verdict:
    """Returns a Verdict account as a verdict."""
    return Verdict(
        state=VerdictState(account.state),
        outcome=Outcome(account.outcome),
        committed_slot=account.committed_slot,
        draws=account.draws,
        salt_known=bool(account.salt_known),
        ballot_deadline=account.ballot_deadline,
        reveal_deadline=account.reveal_deadline,
        window_end=account.window_end,
        stages=tuple(
            Stage(stage.provider, stage.root, stage.first, stage.last)
            for stage in account.stages[: account.stage_count]
        ),
        ballots=tuple(
            _ballot(index, ballot)
            for index, ballot in enumerate(account.ballots[: account.ballot_count])
        ),
        payer=account.payer,
        snapshot_epochs=account.snapshot_epochs,
        convicted=account.stages[account.fraud.stage].provider
        if convicts(Outcome(account.outcome))
        else None,
        slashed=bool(account.fraud.slashed),
        availability=_availability(account.availability) if account.unavailable_rounds else None,
    )


def registration_of(account: job_registry.Provider) -> Registration:
    """Returns a Provider account as a registration."""
    return Registration(
        ask=account.ask,
        max_macs=account.max_macs,
        measured_rate=account.measured_rate,
        reputation=account.reputation,
        rated_slot=account.rated_slot,
        registered_slot=account.registered_slot,
        draining=bool(account.draining),
    )


def seat_of(account: staking.Seat) -> HeldSeat:
    """Returns a Seat account as the seat of its owner."""
    vacated = None if account.vacated_epoch == HELD else account.vacated_epoch
    return HeldSeat(account.index, account.taken_epoch, vacated)


def collateralised(account: staking.Seat, holder: staking.Position) -> Seat:
    """Returns a Seat account with the collateral of its owner's position."""
    return Seat(
        index=account.index,
        owner=account.owner,
        heir=account.heir,
        vacated_epoch=None if account.vacated_epoch == HELD else account.vacated_epoch,
        collateral=holder.collateral,
        balloted=holder.balloted,
    )


def queued_of(account: staking.Terms) -> QueuedTerms:
    """Returns a Terms account that waits for its slot."""
    return QueuedTerms(account.version, account.applies_slot, account.lapses_slot)


def _availability(account: verdict_program.Availability) -> Availability:
    return Availability(
        seed=account.seed if any(account.seed) else None,
        asked_slot=account.asked_slot,
        deadline=account.deadline,
        answered=account.answered,
    )


def _ballot(index: int, account: verdict_program.Ballot) -> DrawnBallot:
    return DrawnBallot(
        index=index,
        seat=account.seat,
        draw=account.draw,
        state=BallotState(account.state),
        verifier=account.verifier if account.verifier != NOBODY else None,
        rejected=(account.operator, account.element) if account.choice == Choice.REJECT else None,
        accepted=account.choice == Choice.ACCEPT,
        missed=account.choice == Choice.UNAVAILABLE,
        slashed=bool(account.slashed),
    )
