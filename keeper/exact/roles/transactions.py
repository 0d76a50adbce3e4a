"""The instructions that carry actions on jobs out."""

from collections.abc import Callable, Mapping
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from keeper.exact.decisions import actions
from keeper.exact.decisions.codes import Outcome
from keeper.exact.decisions.state import Verdict
from keeper.exact.roles.context import Context
from keeper.node.accounts import NOBODY
from keeper.node.decisions.actions import Action
from keeper.node.errors import RoleError
from keeper.node.payment import collect_fee, withdraw
from keeper.node.seats import closing, eviction
from neurolov_client import (
    SHARDS,
    buying,
    escrow,
    job_registry,
    shard_of,
    staking,
    verdict,
)
from neurolov_client.bindings.verdict import ProofKind

PARITIES = 2


def instruction(action: Action, context: Context) -> Instruction:
    """Returns the instruction of an action that needs nothing but the chain.

    Raises TypeError for the others: computing, ballots and the salted draw.
    """
    build = _BUILDERS.get(type(action))
    if build is None:
        raise TypeError(f"{action} is not a plain instruction")
    return build(action, context)


def draw(context: Context, salt: bytes | None) -> Instruction:
    """Returns the instruction that draws verifiers, with the buyer's salt or without."""
    job = context.job.job
    return buying.draw(context.signer, job.address, salt, terms=job.terms)


def cast(context: Context, ballot: int, seat: int, commitment: bytes) -> Instruction:
    """Returns the instruction that commits the owner to a ballot."""
    job = context.job.address
    return verdict.cast_ballot(
        ballot=ballot,
        commitment=commitment,
        signer=context.signer,
        terms=context.terms,
        job=job,
        seat=staking.seat_address(seat),
        position=context.position,
        exposure=staking.exposure_address(job, context.owner),
    )


def _lease_owner(context: Context) -> Pubkey:
    lease = context.job.job.lease
    return NOBODY if lease is None else lease.provider


def _settle(action: actions.Settle, context: Context) -> Instruction:
    return verdict.settle(
        cranker=context.signer,
        job=action.job,
        provider=job_registry.provider_address(_lease_owner(context)),
        utilisation=job_registry.utilisation_address(shard_of(action.job)),
        terms=context.terms,
    )


def _void(action: actions.VoidAttempt, context: Context) -> Instruction:
    judged, job = context.job.verdict, action.job
    if judged is None or judged.blamed is None:
        raise RoleError(f"job {job} has no stage to void")
    blamed = judged.blamed
    return verdict.void(
        cranker=context.signer,
        job=job,
        provider=job_registry.provider_address(blamed),
        utilisation=job_registry.utilisation_address(shard_of(job)),
        terms=context.terms,
        escrow_config=escrow.config_address(),
        destination=_destination(job, judged),
        position=staking.position_address(blamed),
        exposure=staking.exposure_address(job, blamed),
    )


def _destination(job: Pubkey, judged: Verdict) -> Pubkey:
    """Returns where the stake goes that a provider loses: nobody earns by data not shown."""
    if judged.outcome is Outcome.WITHHELD:
        return escrow.fees_address(shard_of(job))
    return escrow.vault_address(job)


def _demand_answers(action: actions.DemandAnswers, context: Context) -> Instruction:
    return verdict.demand_answers(
        buyer=context.signer,
        verdict=verdict.verdict_address(action.job),
        terms=context.terms,
    )


def _expire_answers(action: actions.ExpireAnswers, context: Context) -> Instruction:
    return verdict.expire_answers(payer=context.signer, job=action.job, graph=context.job.job.graph)


def _slash_provider(action: actions.SlashProvider, context: Context) -> Instruction:
    judged = context.job.verdict
    if judged is None or judged.convicted is None:
        raise RoleError(f"nothing is proven against job {action.job}")
    return verdict.slash_provider(
        verdict=verdict.verdict_address(action.job),
        terms=context.terms,
        receipt=verdict.receipt_address(action.job),
        escrow=escrow.escrow_address(action.job),
        escrow_config=escrow.config_address(),
        destination=_destination(action.job, judged),
        position=staking.position_address(judged.convicted),
        exposure=staking.exposure_address(action.job, judged.convicted),
        mint=context.mint,
    )


def _slash_ballot(action: actions.SlashBallot, context: Context) -> Instruction:
    owner = _caster(action.job, action.ballot, context)
    return verdict.slash_ballot(
        ballot=action.ballot,
        verdict=verdict.verdict_address(action.job),
        terms=context.terms,
        position=staking.position_address(owner),
        exposure=staking.exposure_address(action.job, owner),
        mint=context.mint,
        escrow_config=escrow.config_address(),
        fee_vault=escrow.fees_address(shard_of(action.job)),
    )


def _caster(job: Pubkey, ballot: int, context: Context) -> Pubkey:
    judged = context.job.verdict
    owner = judged.ballots[ballot].verifier if judged is not None else None
    if owner is None:
        raise RoleError(f"ballot {ballot} of job {job} was never cast")
    return owner


def _release_ballot(action: actions.ReleaseBallot, context: Context) -> Instruction:
    owner = _caster(action.job, action.ballot, context)
    return verdict.release_ballot(
        ballot=action.ballot,
        verdict=verdict.verdict_address(action.job),
        payer=context.rent_payer,
        position=staking.position_address(owner),
        exposure=staking.exposure_address(action.job, owner),
        escrow_config=escrow.config_address(),
        fee_vault=escrow.fees_address(shard_of(action.job)),
    )


def _decline(action: actions.DeclineBallot, context: Context) -> Instruction:
    judged = context.job.verdict
    if judged is None:
        raise RoleError(f"job {action.job} has no ballots")
    return verdict.decline_ballot(
        ballot=action.ballot,
        signer=context.signer,
        verdict=verdict.verdict_address(action.job),
        terms=context.terms,
        seat=staking.seat_address(judged.ballots[action.ballot].seat),
        position=context.position,
    )


def _report(action: actions.ReportSilent, context: Context) -> Instruction:
    judged = context.job.verdict
    if judged is None:
        raise RoleError(f"job {action.job} has no ballots")
    return verdict.report_silent(
        ballot=action.ballot,
        verdict=verdict.verdict_address(action.job),
        terms=context.terms,
        seat=staking.seat_address(judged.ballots[action.ballot].seat),
        position=None if context.holder is None else staking.position_address(context.holder),
        escrow_config=escrow.config_address(),
        fee_vault=escrow.fees_address(shard_of(action.job)),
    )


def _expire_lease(action: actions.ExpireLease, context: Context) -> Instruction:
    provider = _lease_owner(context)
    return job_registry.expire_lease(
        terms=context.terms,
        job=action.job,
        provider=job_registry.provider_address(provider),
        escrow_config=escrow.config_address(),
        fee_vault=escrow.fees_address(shard_of(action.job)),
        position=staking.position_address(provider),
        exposure=staking.exposure_address(action.job, provider),
        payer=context.rent_payer,
    )


def _claim(action: actions.Claim, context: Context) -> Instruction:
    return job_registry.claim(
        signer=context.signer,
        terms=context.terms,
        provider=job_registry.provider_address(context.owner),
        job=action.job,
        position=context.position,
        exposure=staking.exposure_address(action.job, context.owner),
    )


def _commit_stage(action: actions.CommitStage, context: Context) -> Instruction:
    return verdict.commit_stage(
        first=action.first,
        last=action.last,
        root=action.root,
        kind=ProofKind.TRACE_COMMITMENT,
        signer=context.signer,
        job=action.job,
        graph=context.job.job.graph,
        provider=job_registry.provider_address(context.owner),
        position=context.position,
        terms=context.terms,
    )


def _close_verdict(action: actions.CloseVerdict, context: Context) -> Instruction:
    judged = context.job.verdict
    if judged is None:
        raise RoleError(f"the verdict of job {action.job} is closed")
    return verdict.close_verdict(payer=judged.payer, job=action.job)


def _apply_terms(action: actions.ApplyTerms, context: Context) -> Instruction:
    return staking.apply_terms(
        present=staking.terms_address(context.current.version),
        terms=staking.terms_address(action.version),
    )


def _roll_market(_: actions.RollMarket, context: Context) -> Instruction:
    shards = [
        AccountMeta(job_registry.utilisation_address(shard), False, False)
        for shard in range(SHARDS)
    ]
    current = staking.terms_address(context.current.version)
    return job_registry.roll_market(terms=current, remaining=shards)


def _sweep(action: actions.SweepFees, context: Context) -> Instruction:
    return escrow.sweep(
        shard=action.shard,
        terms=staking.terms_address(context.current.version),
        mint=context.mint,
        fee_vault=escrow.fees_address(action.shard),
        treasury=context.current.treasury,
    )


_BUILDERS: Mapping[type, Callable[[Any, Context], Instruction]] = {
    actions.Claim: _claim,
    actions.OpenVerdict: lambda action, context: verdict.open_verdict(
        payer=context.signer, job=action.job
    ),
    actions.CommitStage: _commit_stage,
    actions.DeclineBallot: _decline,
    actions.ReportSilent: _report,
    actions.Draw: lambda action, context: draw(context, None),
    actions.Tally: lambda action, context: verdict.tally(
        cranker=context.signer,
        verdict=verdict.verdict_address(action.job),
        terms=context.terms,
    ),
    actions.Settle: _settle,
    actions.VoidAttempt: _void,
    actions.DemandAnswers: _demand_answers,
    actions.ExpireAnswers: _expire_answers,
    actions.SlashProvider: _slash_provider,
    actions.SlashBallot: _slash_ballot,
    actions.AdoptPartial: lambda action, context: verdict.adopt_partial(
        cranker=context.signer, job=action.job
    ),
    actions.Cancel: lambda action, context: job_registry.cancel(
        buyer=context.signer, job=action.job
    ),
    actions.ExpireJob: lambda action, context: job_registry.expire_job(
        cranker=context.signer, terms=context.terms, job=action.job
    ),
    actions.ExpireLease: _expire_lease,
    actions.ReleaseExposure: lambda action, context: job_registry.release_exposure(
        job=action.job,
        payer=context.rent_payer,
        position=staking.position_address(action.owner),
        exposure=staking.exposure_address(action.job, action.owner),
    ),
    actions.ReleaseBallot: _release_ballot,
    actions.Withdraw: lambda action, context: withdraw(
        action.job, context.job.escrow, action.credit, context.mint
    ),
    actions.CollectFee: lambda action, context: collect_fee(action.job),
    actions.ReclaimEscrow: lambda action, context: buying.take_back(
        context.signer, action.job, context.mint
    ),
    actions.CloseVerdict: _close_verdict,
    actions.ReclaimJob: lambda action, context: job_registry.reclaim(
        buyer=context.signer, job=action.job
    ),
    actions.TakeSnapshot: lambda action, context: staking.take_snapshot(
        snapshot=staking.snapshot_address(action.epoch % PARITIES)
    ),
    actions.EvictSeat: lambda action, context: eviction(action.seat, action.owner),
    actions.CloseSeat: lambda action, context: closing(action.seat, action.owner, action.heir),
    actions.ApplyTerms: _apply_terms,
    actions.ApplyAuthority: lambda action, context: staking.apply_authority(),
    actions.RollMarket: _roll_market,
    actions.EmitRewards: lambda action, context: staking.emit_rewards(),
    actions.SweepFees: _sweep,
}
