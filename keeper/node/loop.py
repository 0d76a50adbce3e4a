"""The loop that every role runs: look, decide, carry out, look again."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.errors import ChainError, PermanentError
from keeper.chain.submit import Submitter
from keeper.exact.decisions.actions import Wait
from keeper.exact.decisions.state import Clock
from keeper.node.errors import RoleError
from keeper.node.sweep import Mirror, Sweep
from keeper.telemetry import METRICS

LOG = logging.getLogger(__name__)

# A refused step is looked at again after so many slots even if nothing changed on chain: the
# refusal may have come from a slot that was one too early.
REFUSAL_SLOTS = 32


class Subject(Protocol):
    """What actions are about; version differs after every change."""

    @property
    def address(self) -> Pubkey:
        """Its account."""
        ...

    @property
    def version(self) -> str:
        """Names its present state."""
        ...


Watched = TypeVar("Watched", bound=Subject)
View = TypeVar("View", bound=Sweep)
Step = TypeVar("Step")


@dataclass(slots=True)
class Refusals(Generic[Watched]):
    """Subjects set aside after a permanent error, until they change or some slots have passed."""

    _aside: dict[Pubkey, tuple[str, int]] = field(default_factory=dict)

    def add(self, subject: Watched, slot: int) -> None:
        """Set a subject aside."""
        self._aside[subject.address] = subject.version, slot + REFUSAL_SLOTS

    def remaining(self, subjects: Mapping[Pubkey, Watched], slot: int) -> tuple[Watched, ...]:
        """The subjects that are not set aside."""
        self._aside = {
            address: (version, until)
            for address, (version, until) in self._aside.items()
            if address in subjects and subjects[address].version == version and slot < until
        }
        return tuple(subject for key, subject in subjects.items() if key not in self._aside)


class Loop(ABC, Generic[View, Watched, Step]):
    """One role of one key. A restart anywhere goes on: what to do follows from chain and disk."""

    def __init__(self, mirror: Mirror[View], submitter: Submitter, owner: Pubkey) -> None:
        """owner is the submitter's key."""
        self.mirror = mirror
        self.submitter = submitter
        self.owner = owner
        self.refusals: Refusals[Watched] = Refusals()

    @property
    def name(self) -> str:
        """The role's name for logs."""
        return type(self).__name__.lower()

    @abstractmethod
    def subjects(self, view: View) -> Mapping[Pubkey, Watched]:
        """What the role decides about."""

    @abstractmethod
    def subject_of(self, action: Step) -> Pubkey | None:
        """Address of what an action is about, None for a chore."""

    @abstractmethod
    def decide(self, view: View, subjects: tuple[Watched, ...], clock: Clock) -> Step | Wait:
        """The next action by the pure rules."""

    @abstractmethod
    async def perform(self, action: Step, view: View) -> None:
        """Carry an action out."""

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

    async def step(self) -> Step | Wait:
        """Decide on the latest sweep and carry the action out unless it is to wait."""
        view = self.mirror.view
        subjects = self.refusals.remaining(self.subjects(view), view.slot)
        action = self.decide(view, subjects, Clock(view.slot))
        if not isinstance(action, Wait):
            await self._attempt(action, view)
        return action

    async def send(self, action: Step, view: View, *instructions: Instruction) -> None:
        """Submit under an operation id that is the same whenever the same state asks for it.

        What was refused may be tried again: `Refusals` decides when.
        """
        subject = self._found(action, view)
        version = subject.version if subject is not None else f"slot {view.slot}"
        operation = f"{self.name}/{self.owner}/{action}/{version}"
        landed = await self.submitter.submit(operation, instructions, again=True)
        LOG.info("%s: %s landed in slot %d", self.name, _spoken(action), landed.slot)

    def refused(self, action: Step, view: View) -> None:
        """Remember not to try the same again; roles override it for chores."""
        if (subject := self._found(action, view)) is not None:
            self.refusals.add(subject, view.slot)

    def _found(self, action: Step, view: View) -> Watched | None:
        address = self.subject_of(action)
        return None if address is None else self.subjects(view).get(address)

    async def _attempt(self, action: Step, view: View) -> None:
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


def _spoken(action: object) -> str:
    return type(action).__name__
