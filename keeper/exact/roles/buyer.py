"""The buyer's side of its posted jobs: salt the draw, demand missing data, take the rest back."""

from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.data import BlobStore, ReservationKind
from keeper.exact.decisions import buyer as rules
from keeper.exact.decisions.actions import Draw
from keeper.exact.decisions.buyer import BuyerSnapshot
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles.mirror import JobMirror, View
from keeper.exact.roles.role import Role
from keeper.exact.roles.transactions import draw
from keeper.node.buying.workloads import keep_posted
from keeper.node.decisions.actions import Action, Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.node.errors import RoleError
from keeper.node.vault import Salts


class Buyer(Role):
    """Acts on the jobs of one key that it follows: on all of them while `followed` is None.

    `keep` names those of which nothing may be closed for now, `cancelling` those to take back, and
    `missing` those whose result could not be fetched.
    """

    name = "buyer"

    def __init__(
        self,
        mirror: JobMirror,
        submitter: Submitter,
        owner: Pubkey,
        salts: Salts,
        store: BlobStore | None = None,
    ) -> None:
        """`store` holds the workloads of the jobs, None where this process does not serve them."""
        super().__init__(mirror, submitter, owner)
        self._salts = salts
        self._store = store
        self.followed: set[Pubkey] | None = None
        self.keep: set[Pubkey] = set()
        self.cancelling: set[Pubkey] = set()
        self.missing: set[Pubkey] = set()

    def decide(self, view: View, jobs: tuple[JobSnapshot, ...], clock: Clock) -> Decision:
        """Returns the next action, by `keeper.exact.decisions.buyer`."""
        waits: list[int] = []
        for snapshot in jobs:
            if not self._acts_on(snapshot):
                continue
            job = snapshot.job
            holds_salt = self._salts.get(job.address) is not None
            found = BuyerSnapshot(
                snapshot,
                holds_salt,
                cancelling=job.address in self.cancelling,
                missing=job.address in self.missing,
            )
            step = rules.next_action(found, clock)
            if not isinstance(step, Wait):
                return step
            if step.until is not None:
                waits.append(step.until)
        return Wait(min(waits, default=None))

    async def perform(self, action: Action, view: View) -> None:
        """Send the action, with the salt where one is due."""
        if isinstance(action, Draw):
            salt = self._salts.get(action.job)
            if salt is None:
                raise RoleError(f"the salt of job {action.job} is not on this machine")
            await self.send(action, view, draw(await self.context(action, view), salt))
        else:
            await super().perform(action, view)

    async def tidy(self, view: View) -> None:
        """Drop the workloads of jobs that were closed."""
        if self._store is not None:
            own = [each.job for each in view.jobs.values() if each.job.buyer == self.owner]
            keep_posted(
                self._store, ReservationKind.JOB_WORKLOADS, {job.manifest.hex() for job in own}
            )

    def _acts_on(self, snapshot: JobSnapshot) -> bool:
        job = snapshot.job
        followed = self.followed is None or job.address in self.followed
        return job.buyer == self.owner and followed and not (job.ended and job.address in self.keep)
