"""The instructions that carry actions on jobs out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from idl.client import (
    SHARDS,
    escrow,
    job_registry,
    shard_of,
    staking,
    verdict,
)
from keeper.exact.decisions import actions
from keeper.exact.decisions.state import JobSnapshot
from keeper.node.accounts import NOBODY
from keeper.node.decisions.actions import Action
from keeper.node.errors import RoleError
from keeper.node.payment import collect_fee, reclaim, withdraw

PARITIES = 2


@dataclass(frozen=True, slots=True)
class Context:
    """What an instruction depends on besides the action: the signer, the mint, the job if any."""

    signer: Pubkey
    mint: Pubkey
    treasury: Pubkey
    view: JobSnapshot | None = None

    @property
    def job(self) -> JobSnapshot:
        """The action's job; RoleError when the chain does not know it."""
        if self.view is None:
            raise RoleError("the job does not exist any more")
        return self.view


def instruction(action: Action, context: Context) -> Instruction:
    """Returns the instruction of an action that needs nothing but the chain.

    Raises TypeError for the others: computing, ballots and the salted draw.
    """
    build = _BUILDERS.get(type(action))
    if build is None:
        raise TypeError(f"{action} is not a plain instruction")
    return build(action, context)


def draw(job: Pubkey, cranker: Pubkey, salt: bytes | None) -> Instruction:
    """Returns the instruction that draws verifiers, with the buyer's salt or without."""
    even, odd = (staking.snapshot_address(parity) for parity in range(PARITIES))
    return verdict.draw(
        salt=salt, cranker=cranker, verdict=verdict.verdict_address(job), even=even, odd=odd
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
        escrow_config=escrow.config_address(),
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
        position=staking.position_address(blamed),
        exposure=staking.exposure_address(job, blamed),
    )


def _demand_answers(action: actions.DemandAnswers, context: Context) -> Instruction:
    return verdict.demand_answers(buyer=context.signer, verdict=verdict.verdict_address(action.job))


def _expire_answers(action: actions.ExpireAnswers, context: Context) -> Instruction:
    return verdict.expire_answers(payer=context.signer, job=action.job, graph=context.job.job.graph)


def _slash_provider(action: actions.SlashProvider, context: Context) -> Instruction:
    judged = context.job.verdict
    if judged is None or judged.convicted is None:
        raise RoleError(f"nothing is proven against job {action.job}")
    return verdict.slash_provider(
        verdict=verdict.verdict_address(action.job),
        receipt=verdict.receipt_address(action.job),
        escrow=escrow.escrow_address(action.job),
        vault=escrow.vault_address(action.job),
        position=staking.position_address(judged.convicted),
        exposure=staking.exposure_address(action.job, judged.convicted),
        mint=context.mint,
    )


def _slash_ballot(action: actions.SlashBallot, context: Context) -> Instruction:
    owner = _caster(action.job, action.ballot, context)
    return verdict.slash_ballot(
        ballot=action.ballot,
        verdict=verdict.verdict_address(action.job),
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
        owner=owner,
        exposure=staking.exposure_address(action.job, owner),
        escrow_config=escrow.config_address(),
        fee_vault=escrow.fees_address(shard_of(action.job)),
    )


def _roll_market(_: actions.RollMarket, __: Context) -> Instruction:
    shards = [
        AccountMeta(job_registry.utilisation_address(shard), False, False)
        for shard in range(SHARDS)
    ]
    return job_registry.roll_market(remaining=shards)


def _sweep(action: actions.SweepFees, context: Context) -> Instruction:
    return escrow.sweep(
        shard=action.shard,
        mint=context.mint,
        fee_vault=escrow.fees_address(action.shard),
        treasury=context.treasury,
    )


_BUILDERS: Mapping[type, Callable[[Any, Context], Instruction]] = {
    actions.Claim: lambda action, context: job_registry.claim(owner=context.signer, job=action.job),
    actions.OpenVerdict: lambda action, context: verdict.open_verdict(
        owner=context.signer, job=action.job
    ),
    actions.CommitStage: lambda action, context: verdict.commit_stage(
        first=action.first,
        last=action.last,
        root=action.root,
        kind=0,
        owner=context.signer,
        job=action.job,
        graph=context.job.job.graph,
    ),
    actions.Draw: lambda action, context: draw(action.job, context.signer, None),
    actions.Tally: lambda action, context: verdict.tally(
        cranker=context.signer, verdict=verdict.verdict_address(action.job)
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
        cranker=context.signer, job=action.job
    ),
    actions.ExpireLease: lambda action, context: job_registry.expire_lease(
        job=action.job, owner=_lease_owner(context)
    ),
    actions.ReleaseExposure: lambda action, context: job_registry.release_exposure(
        job=action.job, owner=action.owner
    ),
    actions.ReleaseBallot: _release_ballot,
    actions.Withdraw: lambda action, context: withdraw(
        action.job, context.job.escrow, action.credit, context.mint
    ),
    actions.CollectFee: lambda action, context: collect_fee(action.job),
    actions.ReclaimEscrow: lambda action, context: reclaim(
        action.job, context.signer, context.mint
    ),
    actions.CloseVerdict: lambda action, context: verdict.close_verdict(
        payer=context.signer, job=action.job
    ),
    actions.ReclaimJob: lambda action, context: job_registry.reclaim(
        buyer=context.signer, job=action.job
    ),
    actions.TakeSnapshot: lambda action, context: staking.take_snapshot(
        snapshot=staking.snapshot_address(action.epoch % PARITIES)
    ),
    actions.RollMarket: _roll_market,
    actions.EmitRewards: lambda action, context: staking.emit_rewards(),
    actions.SweepFees: _sweep,
}
