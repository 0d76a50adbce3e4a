"""Accounts of jobs as types that decisions read: no other file knows both."""

from solders.pubkey import Pubkey

from idl.client import job_registry
from idl.client import verdict as verdict_program
from keeper.exact.decisions.codes import BallotState, Choice, JobState, Outcome, VerdictState
from keeper.exact.decisions.selection import ClaimRules, Standing
from keeper.exact.decisions.state import (
    Availability,
    DrawnBallot,
    Job,
    Lease,
    Stage,
    Verdict,
    convicts,
)
from keeper.node.accounts import NOBODY, url_text


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
        convicted=account.stages[account.fraud.stage].provider
        if convicts(Outcome(account.outcome))
        else None,
        slashed=bool(account.fraud.slashed),
        availability=_availability(account.availability) if account.unavailable_rounds else None,
    )


def claim_rules(params: job_registry.Params) -> ClaimRules:
    """Returns the registry's parameters that decide about claims."""
    return ClaimRules(
        max_attempts=params.max_attempts,
        min_registration_slots=params.min_registration_slots,
        claim_scale_slots=params.claim_scale_slots,
        claim_max_delay_slots=params.claim_max_delay_slots,
        capability_ref=params.capability_ref,
        reputation_half_life_slots=params.reputation_half_life_slots,
        season_q32=params.season_q32,
        ageing_q32=params.ageing_q32,
        kappa=params.kappa,
        bond_bps=params.bond_bps,
    )


def standing_of(account: job_registry.Provider, free_stake: int) -> Standing:
    """Returns a Provider account with its owner's free stake in base units."""
    return Standing(
        ask=account.ask,
        max_macs=account.max_macs,
        measured_rate=account.measured_rate,
        reputation=account.reputation,
        rated_slot=account.rated_slot,
        registered_slot=account.registered_slot,
        free_stake=free_stake,
    )


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
