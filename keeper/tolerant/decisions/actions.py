"""Everything a role can decide to do next about a task, besides waiting."""

from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.exact.decisions.actions import Wait


@dataclass(frozen=True, slots=True)
class RunKernel:
    """Run the kernel and keep output and salt, before anything is at stake."""

    task: Pubkey


@dataclass(frozen=True, slots=True)
class Join:
    """Take part, with a bond."""

    task: Pubkey


@dataclass(frozen=True, slots=True)
class CommitRun:
    """Commit to the kept output."""

    task: Pubkey


@dataclass(frozen=True, slots=True)
class RevealRun:
    """Serve the kept output and open the commitment."""

    task: Pubkey


@dataclass(frozen=True, slots=True)
class FetchRivals:
    """Fetch the others' outputs and compare them with the kept one."""

    task: Pubkey


@dataclass(frozen=True, slots=True)
class TellAgreement:
    """Say whose outputs agree with the kept one."""

    task: Pubkey
    agrees: int


@dataclass(frozen=True, slots=True)
class CloseJoining:
    """End the time to join."""

    task: Pubkey


@dataclass(frozen=True, slots=True)
class ExpireRun:
    """Count out a silent run; its bond goes to the buyer."""

    task: Pubkey
    run: int


@dataclass(frozen=True, slots=True)
class Decide:
    """Pay who agrees, or ask for more runs."""

    task: Pubkey


@dataclass(frozen=True, slots=True)
class ReleaseBond:
    """Close a run's exposure, and free its bond if it still has one."""

    task: Pubkey
    run: int


@dataclass(frozen=True, slots=True)
class WithdrawCredit:
    """Pull one credit."""

    task: Pubkey
    credit: int


@dataclass(frozen=True, slots=True)
class CollectTaskFee:
    """Move the task's fee to its fee vault."""

    task: Pubkey


@dataclass(frozen=True, slots=True)
class ReclaimTaskEscrow:
    """Return what nobody is owed to the buyer."""

    task: Pubkey


@dataclass(frozen=True, slots=True)
class CloseTask:
    """Return the task's rent to the buyer."""

    task: Pubkey


TaskAction = (
    Wait
    | RunKernel
    | Join
    | CommitRun
    | RevealRun
    | FetchRivals
    | TellAgreement
    | CloseJoining
    | ExpireRun
    | Decide
    | ReleaseBond
    | WithdrawCredit
    | CollectTaskFee
    | ReclaimTaskEscrow
    | CloseTask
)
