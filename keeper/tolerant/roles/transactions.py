"""The instructions that carry actions on tasks out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.node.decisions.actions import Action
from keeper.node.errors import RoleError
from keeper.node.payment import collect_fee, withdraw
from keeper.tolerant.decisions import actions
from keeper.tolerant.decisions.state import Run, TaskSnapshot
from neurolov_client import buying, escrow, redundancy, shard_of, staking


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What an instruction depends on besides the action.

    `signer` acts for `owner`, whose position and runs they are.
    """

    signer: Pubkey
    owner: Pubkey
    mint: Pubkey
    view: TaskSnapshot

    @property
    def terms(self) -> Pubkey:
        """The address of the terms that the task keeps."""
        return staking.terms_address(self.view.task.terms)


def instruction(action: Action, context: TaskContext) -> Instruction:
    """Returns the instruction of an action that needs nothing but the chain.

    Raises TypeError for the others: running, committing, revealing, fetching.
    """
    build = _BUILDERS.get(type(action))
    if build is None:
        raise TypeError(f"{action} is not a plain instruction")
    return build(action, context)


def commit(context: TaskContext, commitment: bytes) -> Instruction:
    """Returns what commits the owner's run to an output."""
    return redundancy.commit_run(
        commitment=commitment,
        signer=context.signer,
        terms=context.terms,
        task=context.view.address,
        position=staking.position_address(context.owner),
    )


def reveal(context: TaskContext, run: int, root: bytes, salt: bytes) -> Instruction:
    """Returns what opens the commitment of a run."""
    return redundancy.reveal_run(
        run=run, root=root, salt=salt, terms=context.terms, task=context.view.address
    )


def _join(action: actions.Join, context: TaskContext) -> Instruction:
    return redundancy.join(
        signer=context.signer,
        terms=context.terms,
        task=action.task,
        position=staking.position_address(context.owner),
        exposure=staking.exposure_address(action.task, context.owner),
    )


def _close_joining(action: actions.CloseJoining, context: TaskContext) -> Instruction:
    freed = context.view.task.freed_at_closing
    held = None if freed is None else _exposure(context.view, freed)
    return redundancy.close_joining(
        cranker=context.signer,
        terms=context.terms,
        task=action.task,
        mint=context.mint,
        position=None if held is None else held.position,
        exposure=None if held is None else held.address,
        payer=None if held is None else held.payer,
    )


def _release(action: actions.ReleaseBond, context: TaskContext) -> Instruction:
    held = _exposure(context.view, context.view.task.runs[action.run])
    return redundancy.release_bond(
        run=action.run,
        task=action.task,
        payer=held.payer,
        position=held.position,
        exposure=held.address,
    )


@dataclass(frozen=True, slots=True)
class _Exposure:
    address: Pubkey
    position: Pubkey
    payer: Pubkey


def _exposure(view: TaskSnapshot, run: Run) -> _Exposure:
    """Returns the accounts of a run's exposure; raises RoleError where it is closed already."""
    payer = view.payers.get(run.provider)
    if payer is None:
        raise RoleError(f"{view.address}: the exposure of {run.provider} is closed")
    return _Exposure(
        address=staking.exposure_address(view.address, run.provider),
        position=staking.position_address(run.provider),
        payer=payer,
    )


def _expire(action: actions.ExpireRun, context: TaskContext) -> Instruction:
    provider = context.view.task.runs[action.run].provider
    return redundancy.expire_run(
        run=action.run,
        cranker=context.signer,
        terms=context.terms,
        task=action.task,
        fee_vault=escrow.fees_address(shard_of(action.task)),
        position=staking.position_address(provider),
        exposure=staking.exposure_address(action.task, provider),
    )


_BUILDERS: Mapping[type, Callable[[Any, TaskContext], Instruction]] = {
    actions.Join: _join,
    actions.TellAgreement: lambda action, context: redundancy.compare(
        agrees=action.agrees,
        signer=context.signer,
        task=action.task,
        position=staking.position_address(context.owner),
    ),
    actions.CloseJoining: _close_joining,
    actions.ExpireRun: _expire,
    actions.Decide: lambda action, context: redundancy.decide(
        cranker=context.signer, terms=context.terms, task=action.task, mint=context.mint
    ),
    actions.ReleaseBond: _release,
    actions.WithdrawCredit: lambda action, context: withdraw(
        action.task, context.view.escrow, action.credit, context.mint
    ),
    actions.CollectTaskFee: lambda action, context: collect_fee(action.task),
    actions.ReclaimTaskEscrow: lambda action, context: buying.take_back(
        context.signer, action.task, context.mint
    ),
    actions.CloseTask: lambda action, context: redundancy.close_task(
        buyer=context.view.task.buyer, task=action.task
    ),
}
