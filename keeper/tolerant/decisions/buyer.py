"""What a buyer does next for one ended task: take back what nobody is owed."""

from solders.pubkey import Pubkey

from keeper.node.decisions.actions import Decision, Wait
from keeper.tolerant.decisions.actions import (
    CloseTask,
    ReclaimTaskEscrow,
    ReleaseBond,
    WithdrawCredit,
)
from keeper.tolerant.decisions.state import TaskSnapshot


def next_action(owner: Pubkey, view: TaskSnapshot) -> Decision:
    """Returns the step that the chain accepts now, or how long to wait.

    Until the task has ended there is nothing for a buyer to do: everything else is open to anybody.
    """
    task, escrow = view.task, view.escrow
    if task.buyer != owner or not task.ended:
        return Wait()
    if escrow is not None:
        for credit in escrow.unpaid_to(owner):
            # The tips for steps that the buyer cranked.
            return WithdrawCredit(task.address, credit)
        surplus = escrow.balance - escrow.outstanding
        if escrow.final and (surplus > 0 or escrow.outstanding == 0):
            return ReclaimTaskEscrow(task.address)
        return Wait()
    for run in task.runs:
        if not run.released:
            return ReleaseBond(task.address, run.index)
    return CloseTask(task.address)
