"""What every role does: decide, carry the decision out, read the chain again.

What takes long and sends nothing, such as executing or fetching, runs beside the loop: a step with
a deadline never waits for it.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.errors import ChainError, PermanentError, WrongClusterError
from keeper.chain.submit import Submitter
from keeper.data import OwnFault
from keeper.errors import KeeperError
from keeper.journal import JournalError
from keeper.node.background import Background
from keeper.node.decisions.actions import Action, Decision, Wait
from keeper.node.decisions.clock import Clock
from keeper.node.decisions.held import Held
from keeper.node.draining import Drain
from keeper.node.mirror import BaseView, Mirror
from keeper.node.operators import OperatorError
from keeper.node.trouble import Trouble
from keeper.telemetry import METRICS

LOG = logging.getLogger(__name__)

# The refusal may have come from a slot that was one too early, so a refused step is tried again
# after so many slots even if nothing has changed on chain.
REFUSAL_SLOTS = 32

ENDS_A_ROLE: Final = (WrongClusterError, OperatorError, JournalError)
"""What no later try can mend: another chain, a key that may not act, a disk that keeps no record.

Everything else fails one action, or one look at the chain, and is tried again.
"""


class Subject(Protocol):
    """What actions are about: a job or a task."""

    @property
    def address(self) -> Pubkey:
        """Its account."""
        ...

    @property
    def version(self) -> str:
        """Names its present state; differs after every change."""
        ...


Watched = TypeVar("Watched", bound=Subject)
View = TypeVar("View", bound=BaseView)
Result = TypeVar("Result")


@dataclass(slots=True)
class Refusals(Generic[Watched]):
    """Subjects that are set aside after a permanent error.

    They come back once they have changed, or after some slots.
    """

    _aside: dict[Pubkey, tuple[str, int]] = field(default_factory=dict)

    def add(self, subject: Watched, slot: int) -> None:
        """Set a subject aside."""
        self._aside[subject.address] = subject.version, slot + REFUSAL_SLOTS

    def remaining(self, subjects: Mapping[Pubkey, Watched], slot: int) -> tuple[Watched, ...]:
        """Returns the subjects that are not set aside."""
        self._aside = {
            address: (version, until)
            for address, (version, until) in self._aside.items()
            if address in subjects and subjects[address].version == version and slot < until
        }
        return tuple(subject for key, subject in subjects.items() if key not in self._aside)


class Loop(ABC, Generic[View, Watched]):
    """One role of one owner.

    What to do follows from the chain and the disk alone, so that a role that was killed goes on
    after a restart.
    """

    name: ClassVar[str]
    """The role in the journal, in logs and in metrics. It never changes once it has been used."""

    def __init__(self, mirror: Mirror[View], submitter: Submitter, owner: Pubkey) -> None:
        """`owner` is the party that the role acts for; the submitter's key signs for it."""
        self.mirror = mirror
        self.submitter = submitter
        self.owner = owner
        self.refusals: Refusals[Watched] = Refusals()
        self.drain = Drain()
        self._background = Background(mirror.wake)
        self._trouble = Trouble(self.name, LOG)
        self._landed_slot = 0

    @property
    def signer(self) -> Pubkey:
        """The key that signs and pays: the owner's own, or that of its operator."""
        return self.submitter.key

    @property
    def running(self) -> frozenset[Action]:
        """The actions that are under way beside the loop."""
        return self._background.actions

    @abstractmethod
    def subjects(self, view: View) -> Mapping[Pubkey, Watched]:
        """Returns what the role decides about, by address."""

    @abstractmethod
    def decide(self, view: View, subjects: tuple[Watched, ...], clock: Clock) -> Decision:
        """Returns the next action by the pure rules."""

    @abstractmethod
    async def perform(self, action: Action, view: View) -> None:
        """Carry an action out; raises ChainError, RoleError or OwnFault where it cannot be."""

    def held(self, view: View) -> tuple[Held, ...]:
        """Returns what the role has begun and cannot leave without a loss."""
        return ()

    def farewell(self, view: View) -> str | None:
        """Returns what to know about a role that has drained, None where there is nothing."""
        return None

    async def run(self) -> None:
        """Act until cancelled or drained, whatever the cluster answers.

        Raises one of ENDS_A_ROLE.
        """
        try:
            await self._insist(self.recover)
            while not await self._insist(self._turn):
                pass
        finally:
            await self._background.close()

    async def _turn(self) -> bool:
        """Take one decision and wait for what follows; returns whether the role has drained."""
        decided = await self.step()
        if not isinstance(decided, Wait):
            if not decided.in_background:
                await self.mirror.reread(decided.subject)
        elif await self._drained():
            return True
        else:
            await self.mirror.next_view()
        return False

    async def _drained(self) -> bool:
        if not self.drain.begun or self.held(self.mirror.view):
            return False
        # What the last step began may be in no view yet.
        view = await self.mirror.refresh()
        return view.slot >= self._landed_slot and not self.held(view)

    async def _insist(self, act: Callable[[], Awaitable[Result]]) -> Result:
        """Returns what `act` does, tried again with every view until it succeeds."""
        while True:
            try:
                done = await act()
            except ENDS_A_ROLE:
                raise
            except Exception as error:
                self._trouble.tell(error)
                await self.mirror.next_view()
            else:
                self._trouble.over()
                return done

    async def recover(self) -> None:
        """Read the chain, and read back what an earlier process left; called once before acting."""
        await self.mirror.refresh()

    async def step(self) -> Decision:
        """Decide on the latest view; returns what was decided.

        The action has been carried out, or has been started where it runs beside the loop.
        """
        self._background.check()
        view = self.mirror.view
        subjects = self.refusals.remaining(self.subjects(view), view.slot)
        decided = self._decided(view, subjects)
        if isinstance(decided, Wait):
            await self._tidied(view)
        elif decided.in_background:
            self._background.start(decided, self._attempt(decided, view))
        else:
            await self._attempt(decided, view)
        return decided

    async def settle(self) -> None:
        """Wait until nothing is under way beside the loop; raises what it failed with."""
        await self._background.settle()

    async def tidy(self, view: View) -> None:
        """Drop what is not needed any more; called whenever there is nothing else to do.

        Raises an OwnFault where this node's disk refuses it.
        """

    async def send(self, action: Action, view: View, *instructions: Instruction) -> None:
        """Submit under an operation id that is the same whenever the same state asks for it.

        What was refused may be tried again: `Refusals` decides when. Raises ChainError.
        """
        operation = self.operation_id(action, view)
        landed = await self.submitter.submit(operation, instructions, again=True)
        self._landed_slot = max(self._landed_slot, landed.slot)
        LOG.info("%s: %s landed in slot %d", self.name, action.kind, landed.slot)

    def operation_id(self, action: Action, view: View) -> str:
        """Returns role, owner, action and the state that asks for it, as the journal names them."""
        subject = self.subject_of(action, view)
        version = subject.version if subject is not None else f"slot {view.slot}"
        return f"{self.name}/{self.owner}/{action.operation}/{version}"

    def refused(self, action: Action, view: View) -> None:
        """Set the action's subject aside; roles override it for chores."""
        if (subject := self.subject_of(action, view)) is not None:
            self.refusals.add(subject, view.slot)

    def subject_of(self, action: Action, view: View) -> Watched | None:
        """Returns what the action is about, None for a chore or where the chain forgot it."""
        return None if action.subject is None else self.subjects(view).get(action.subject)

    async def _tidied(self, view: View) -> None:
        try:
            await self.tidy(view)
        except (OwnFault, OSError) as error:
            LOG.warning("%s: what is not needed any more stays for now: %s", self.name, error)

    def _decided(self, view: View, subjects: tuple[Watched, ...]) -> Decision:
        """Returns the next action; a subject that no decision can be taken on is set aside."""
        clock = Clock(view.slot)
        try:
            return self.decide(view, subjects, clock)
        except ENDS_A_ROLE:
            raise
        except Exception:
            self.decide(view, (), clock)
        for subject in subjects:
            try:
                self.decide(view, (subject,), clock)
            except Exception:
                LOG.exception("%s: %s is set aside", self.name, subject.address)
                self.refusals.add(subject, view.slot)
        return self.decide(view, self.refusals.remaining(self.subjects(view), view.slot), clock)

    async def _attempt(self, action: Action, view: View) -> bool:
        """Carry an action out; returns whether the next decision may differ because of it."""
        outcome = "done"
        try:
            await self.perform(action, view)
        except ENDS_A_ROLE:
            raise
        except Exception as error:
            outcome = self._failed(action, error)
            if outcome == "refused":
                self.refused(action, self.mirror.view if action.in_background else view)
        METRICS.count("actions_total", role=self.name, action=action.kind, outcome=outcome)
        return outcome != "failed"

    def _failed(self, action: Action, error: Exception) -> str:
        """Returns whether an action was refused, or failed for now, and logs why."""
        if isinstance(error, ChainError) and not isinstance(error, PermanentError):
            LOG.warning("%s: %s failed for now: %s", self.name, action.kind, error)
            return "failed"
        # What fails on this machine, such as a full disk, fails one action and not the role.
        trace = None if isinstance(error, KeeperError | OSError) else error
        LOG.warning("%s: %s refused: %s", self.name, action.kind, error, exc_info=trace)
        return "refused"
