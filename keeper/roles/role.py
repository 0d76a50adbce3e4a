"""The loop that every role runs: look, decide, carry out, look again."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.errors import ChainError, PermanentError
from keeper.chain.submit import Submitter
from keeper.jobs.actions import Action, Wait
from keeper.jobs.state import Clock, JobSnapshot
from keeper.roles.conversion import NOBODY
from keeper.roles.errors import RoleError
from keeper.roles.mirror import ChainMirror, View
from keeper.roles.transactions import Context, instruction
from keeper.telemetry import METRICS

LOG = logging.getLogger(__name__)

# A refused step is looked at again after so many slots even if nothing changed on chain: the
# refusal may have come from a slot that was one too early.
REFUSAL_SLOTS = 32


@dataclass(slots=True)
class Refusals:
    """Jobs set aside after a permanent error, until they change or some slots have passed."""

    _jobs: dict[Pubkey, tuple[str, int]] = field(default_factory=dict)

    def add(self, view: JobSnapshot, slot: int) -> None:
        """Set a job aside."""
        self._jobs[view.job.address] = view.version, slot + REFUSAL_SLOTS

    def remaining(self, jobs: Mapping[Pubkey, JobSnapshot], slot: int) -> tuple[JobSnapshot, ...]:
        """The jobs that are not set aside."""
        self._jobs = {
            job: (version, until)
            for job, (version, until) in self._jobs.items()
            if job in jobs and jobs[job].version == version and slot < until
        }
        return tuple(view for job, view in jobs.items() if job not in self._jobs)


class Role(ABC):
    """One role of one key. A restart anywhere goes on: what to do follows from chain and disk."""

    def __init__(self, mirror: ChainMirror, submitter: Submitter, owner: Pubkey) -> None:
        """owner is the submitter's key."""
        self.mirror = mirror
        self.submitter = submitter
        self.owner = owner
        self.refusals = Refusals()

    @property
    def name(self) -> str:
        """The role's name for logs."""
        return type(self).__name__.lower()

    @abstractmethod
    def decide(self, view: View, jobs: tuple[JobSnapshot, ...], clock: Clock) -> Action:
        """The next action by the pure rules."""

    async def perform(self, action: Action, view: View) -> None:
        """Carry an action out; roles override it for what is more than one instruction."""
        await self.send(action, view, instruction(action, self.context(action, view)))

    async def run(self) -> None:
        """Act until cancelled."""
        await self.recover()
        while True:
            if isinstance(await self.step(), Wait):
                await self.mirror.next_look()
            else:
                await self.mirror.refresh()

    async def recover(self) -> None:
        """Look anew, and read back what an earlier process left; called once before acting."""
        await self.mirror.refresh()

    async def step(self) -> Action:
        """Decide on the latest sweep and carry the action out unless it is to wait."""
        view = self.mirror.view
        jobs = self.refusals.remaining(view.jobs, view.slot)
        action = self.decide(view, jobs, Clock(view.slot))
        if not isinstance(action, Wait):
            await self._attempt(action, view)
        return action

    async def send(self, action: Action, view: View, *instructions: Instruction) -> None:
        """Submit under an operation id that is the same whenever the same state asks for it.

        What was refused may be tried again: `Refusals` decides when.
        """
        job = view.jobs.get(job_of(action) or NOBODY)
        version = job.version if job is not None else f"slot {view.slot}"
        operation = f"{self.name}/{self.owner}/{action}/{version}"
        landed = await self.submitter.submit(operation, instructions, again=True)
        LOG.info("%s: %s landed in slot %d", self.name, _spoken(action), landed.slot)

    def context(self, action: Action, view: View) -> Context:
        """What the action's instruction depends on."""
        rules = view.rules
        found = view.jobs.get(job_of(action) or NOBODY)
        return Context(self.owner, rules.mint, rules.treasury, found)

    def refused(self, action: Action, view: View) -> None:
        """Remember not to try the same again; roles override it for chores without a job."""
        job = job_of(action)
        if job is not None and job in view.jobs:
            self.refusals.add(view.jobs[job], view.slot)

    async def _attempt(self, action: Action, view: View) -> None:
        outcome = "done"
        try:
            await self.perform(action, view)
        except (PermanentError, RoleError) as error:
            LOG.warning("%s: %s refused: %s", self.name, _spoken(action), error)
            self.refused(action, view)
            outcome = "refused"
        except ChainError as error:
            LOG.warning("%s: %s failed for now: %s", self.name, _spoken(action), error)
            outcome = "failed"
        METRICS.count("actions_total", role=self.name, action=_spoken(action), outcome=outcome)


def job_of(action: Action) -> Pubkey | None:
    """The job that an action is about."""
    job = getattr(action, "job", None)
    return job if isinstance(job, Pubkey) else None


def _spoken(action: Action) -> str:
    return type(action).__name__
