"""The instructions that carry actions on tasks out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from idl.client import redundancy, staking
from keeper.node.decisions.actions import Action
from keeper.node.payment import collect_fee, reclaim, withdraw
from keeper.tolerant.decisions import actions
from keeper.tolerant.decisions.state import TaskSnapshot


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What an instruction depends on besides the action: the signer, the mint, the task."""

    signer: Pubkey
    mint: Pubkey
    view: TaskSnapshot


def instruction(action: Action, context: TaskContext) -> Instruction:
    """Returns the instruction of an action that needs nothing but the chain.

    Raises TypeError for the others: running, committing, revealing, fetching.
    """
    build = _BUILDERS.get(type(action))
    if build is None:
        raise TypeError(f"{action} is not a plain instruction")
    return build(action, context)


def _expire(action: actions.ExpireRun, context: TaskContext) -> Instruction:
    provider = context.view.task.runs[action.run].provider
    return redundancy.expire_run(
        run=action.run,
        cranker=context.signer,
        task=action.task,
        position=staking.position_address(provider),
        exposure=staking.exposure_address(action.task, provider),
    )


_BUILDERS: Mapping[type, Callable[[Any, TaskContext], Instruction]] = {
    actions.Join: lambda action, context: redundancy.join(owner=context.signer, task=action.task),
    actions.TellAgreement: lambda action, context: redundancy.compare(
        agrees=action.agrees, owner=context.signer, task=action.task
    ),
    actions.CloseJoining: lambda action, context: redundancy.close_joining(
        cranker=context.signer, task=action.task
    ),
    actions.ExpireRun: _expire,
    actions.Decide: lambda action, context: redundancy.decide(
        cranker=context.signer, task=action.task
    ),
    actions.ReleaseBond: lambda action, context: redundancy.release_bond(
        run=action.run, task=action.task, owner=context.view.task.runs[action.run].provider
    ),
    actions.WithdrawCredit: lambda action, context: withdraw(
        action.task, context.view.escrow, action.credit, context.mint
    ),
    actions.CollectTaskFee: lambda action, context: collect_fee(action.task),
    actions.ReclaimTaskEscrow: lambda action, context: reclaim(
        action.task, context.signer, context.mint
    ),
    actions.CloseTask: lambda action, context: redundancy.close_task(
        buyer=context.view.task.buyer, task=action.task
    ),
}
