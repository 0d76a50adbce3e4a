"""What the instruction of an action depends on besides the action."""

from dataclasses import dataclass

from solders.pubkey import Pubkey

from keeper.exact.decisions import actions
from keeper.exact.decisions.state import Job, JobSnapshot, Lease, Verdict
from keeper.node.decisions.actions import Action
from keeper.node.errors import RoleError
from neurolov_client import staking


@dataclass(frozen=True, slots=True)
class Context:
    """What an instruction depends on besides the action.

    `signer` acts for `owner`, whose stake, ballots and credits they are. `current` are the current
    terms. `payer` paid the rent of the exposure that the action ends, and `holder` has the seat
    that the action is about; both are read just before the action is carried out.
    """

    signer: Pubkey
    owner: Pubkey
    mint: Pubkey
    current: staking.Terms
    view: JobSnapshot | None = None
    payer: Pubkey | None = None
    holder: Pubkey | None = None

    @property
    def job(self) -> JobSnapshot:
        """The action's job; RoleError when the chain does not know it."""
        if self.view is None:
            raise RoleError("the job does not exist any more")
        return self.view

    @property
    def terms(self) -> Pubkey:
        """The address of the terms that the action's job keeps."""
        return staking.terms_address(self.job.job.terms)

    @property
    def position(self) -> Pubkey:
        """The address of the owner's position."""
        return staking.position_address(self.owner)

    @property
    def rent_payer(self) -> Pubkey:
        """The payer of the exposure's rent; RoleError where the exposure is closed."""
        if self.payer is None:
            raise RoleError("the exposure is closed")
        return self.payer


def exposed_owner(action: Action, view: JobSnapshot | None) -> Pubkey | None:
    """Returns whose exposure an action ends, None where it ends none."""
    match action, view:
        case actions.ReleaseExposure(owner=owner), _:
            return owner
        case actions.ExpireLease(), JobSnapshot(job=Job(lease=Lease(provider=provider))):
            return provider
        case actions.ReleaseBallot(ballot=ballot), JobSnapshot(verdict=Verdict() as judged):
            return judged.ballots[ballot].verifier
    return None


def reported_seat(action: Action, view: JobSnapshot | None) -> int | None:
    """Returns the seat whose silence an action reports, None where it reports none."""
    match action, view:
        case actions.ReportSilent(ballot=ballot), JobSnapshot(verdict=Verdict() as judged):
            return judged.ballots[ballot].seat
    return None
