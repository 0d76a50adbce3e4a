"""Everything that a role can decide to do about a task."""

from dataclasses import dataclass
from typing import ClassVar

from solders.pubkey import Pubkey

from keeper.node.decisions.actions import Action


@dataclass(frozen=True, slots=True)
class TaskAction(Action):
    """An action about one task."""

    task: Pubkey

    @property
    def subject(self) -> Pubkey:
        """The task."""
        return self.task


@dataclass(frozen=True, slots=True)
class RunKernel(TaskAction):
    """Run the kernel and keep output and salt, before anything is at stake."""

    kind: ClassVar[str] = "run-kernel"
    in_background: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Join(TaskAction):
    """Take part, with a bond."""

    kind: ClassVar[str] = "join"


@dataclass(frozen=True, slots=True)
class CommitRun(TaskAction):
    """Commit to the kept output."""

    kind: ClassVar[str] = "commit-run"


@dataclass(frozen=True, slots=True)
class RevealRun(TaskAction):
    """Serve the kept output and open the commitment."""

    kind: ClassVar[str] = "reveal-run"


@dataclass(frozen=True, slots=True)
class FetchRivals(TaskAction):
    """Fetch the others' outputs and compare them with the kept one."""

    kind: ClassVar[str] = "fetch-rivals"
    in_background: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class TellAgreement(TaskAction):
    """Say whose outputs agree with the kept one."""

    kind: ClassVar[str] = "tell-agreement"
    agrees: int


@dataclass(frozen=True, slots=True)
class CloseJoining(TaskAction):
    """End the time to join."""

    kind: ClassVar[str] = "close-joining"


@dataclass(frozen=True, slots=True)
class ExpireRun(TaskAction):
    """Mark a silent run; its bond goes to the fee vault."""

    kind: ClassVar[str] = "expire-run"
    run: int


@dataclass(frozen=True, slots=True)
class Decide(TaskAction):
    """Pay the providers that agree, or ask for more runs."""

    kind: ClassVar[str] = "decide"


@dataclass(frozen=True, slots=True)
class ReleaseBond(TaskAction):
    """Close a run's exposure, and free its bond if it still has one."""

    kind: ClassVar[str] = "release-bond"
    run: int


@dataclass(frozen=True, slots=True)
class WithdrawCredit(TaskAction):
    """Pay out one credit."""

    kind: ClassVar[str] = "withdraw-credit"
    credit: int


@dataclass(frozen=True, slots=True)
class CollectTaskFee(TaskAction):
    """Move the task's fee to its fee vault."""

    kind: ClassVar[str] = "collect-task-fee"


@dataclass(frozen=True, slots=True)
class ReclaimTaskEscrow(TaskAction):
    """Returns what nobody is owed to the buyer."""

    kind: ClassVar[str] = "reclaim-task-escrow"


@dataclass(frozen=True, slots=True)
class CloseTask(TaskAction):
    """Returns the task's rent to the buyer."""

    kind: ClassVar[str] = "close-task"
