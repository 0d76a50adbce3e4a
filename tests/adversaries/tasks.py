"""Tasks whose buyer joins by keys of its own to see outputs without paying for them."""

from random import Random
from typing import Final

from solders.instruction import Instruction

from keeper.lab.market import tasks as market
from keeper.lab.market.stakers import position, stake
from neurolov_client import ProgramError, staking
from neurolov_client.bindings.redundancy import State
from tests.world import NLOV, Actor, World

STAKED: Final = 100 * NLOV
FUNDS: Final = 100 * NLOV
RIGHT: Final = 1
"""The number of the output that honest providers compute."""
_ENDED: Final = {State.SETTLED, State.UNDECIDED, State.CANCELLED}
_ROUNDS: Final = 40
_REFUSALS: Final = {
    "AlreadyCommitted",
    "AlreadyCompared",
    "NothingToReveal",
    "WrongReveal",
    "NothingToExpire",
    "WrongState",
}
"""What a party may be told that tries what is over already, or a copied output."""


class TaskRun:
    """A task in a world of its own: honest providers, and keys that belong to its buyer."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.world = world = World.fresh()
        self.buyer = world.actor("buyer", tokens=FUNDS)
        self.honest = [self._staker(f"honest {number}") for number in range(7)]
        self.own = [self._staker(f"own {number}") for number in range(7)]
        world.stand()
        n = random.choice([3, 5, 7])
        self.task = market.post(
            world,
            self.buyer,
            n=n,
            max_runs=random.choice([runs for runs in (3, 5, 7) if runs >= n]),
            tolerance=market.EXACT,
        )
        self.burned_before = world.burned()
        self.conduct = {
            key: random.choice(["garbage", "garbage", "hide", "silent", "copy"]) for key in self.own
        }
        self.eager = random.random()
        """The probability that the next one to join is the buyer's own key."""

    def _staker(self, name: str) -> Actor:
        actor = self.world.actor(name, tokens=STAKED)
        stake(self.world, actor, STAKED)
        return actor

    @property
    def everybody(self) -> list[Actor]:
        """Returns all who may have joined."""
        return [*self.honest, *self.own]

    def play(self) -> State:
        """Plays the task to its end and returns how it ended."""
        for _ in range(_ROUNDS):
            held = market.stored(self.world, self.task)
            if held.state in _ENDED:
                return State(held.state)
            {
                State.JOINING: self._join,
                State.RUNNING: self._commit,
                State.REVEALING: self._reveal,
                State.COMPARING: self._compare,
                State.DECIDING: self._decide,
            }[State(held.state)]()
        raise AssertionError(f"the task has no end after {_ROUNDS} rounds: {held}")

    def _joined(self) -> set[Actor]:
        held = market.stored(self.world, self.task)
        keys = {run.provider for run in held.runs[: held.joined]}
        return {actor for actor in self.everybody if actor.key in keys}

    def _join(self) -> None:
        own = self.random.random() < self.eager
        side = self.own if own else self.honest
        free = [actor for actor in side if actor not in self._joined()]
        if not free:
            held = market.stored(self.world, self.task)
            self.world.warp_to(held.deadline + 1)
            closing = market.closing_joining(self.world, self.task, self.buyer)
            self.world.send(closing, signers=[self.buyer])
            return
        market.join(self.world, free[0], self.task)

    def _commit(self) -> None:
        held = market.stored(self.world, self.task)
        for index, run in enumerate(held.runs[: held.joined]):
            actor = next(each for each in self.everybody if each.key == run.provider)
            if not any(run.commitment) and self.conduct.get(actor) != "silent":
                output = RIGHT if actor in self.honest else 100 + index
                committing = market.committing(self.world, self.task, actor, output)
                self._attempt(committing, actor)
        self._expire_silent(State.RUNNING)

    def _reveal(self) -> None:
        held = market.stored(self.world, self.task)
        for index, run in enumerate(held.runs[: held.joined]):
            actor = next(each for each in self.everybody if each.key == run.provider)
            if any(run.root) or self.conduct.get(actor) in {"silent", "hide"}:
                continue
            output = RIGHT if actor in self.honest else 100 + index
            # A copier shows the honest output, to which it has not committed.
            shown = RIGHT if self.conduct.get(actor) == "copy" else output
            for each in dict.fromkeys((shown, output)):
                self._attempt(market.revealing(self.world, self.task, actor, each))
        self._expire_silent(State.REVEALING)

    def _expire_silent(self, state: State) -> None:
        held = market.stored(self.world, self.task)
        if held.state != state:
            return
        self.world.warp_to(max(held.deadline + 1, self.world.slot))
        for index, run in enumerate(held.runs[: held.joined]):
            actor = next(each for each in self.everybody if each.key == run.provider)
            if market.stored(self.world, self.task).state != state:
                return
            expiring = market.expiring(self.world, self.task, self.buyer, index, actor)
            self._attempt(expiring, self.buyer)

    def _compare(self) -> None:
        """Compares honestly, or as if the own garbage agreed with everything."""
        held = market.stored(self.world, self.task)
        shown = {
            index: next(each for each in self.everybody if each.key == run.provider)
            for index, run in enumerate(held.runs[: held.joined])
            if any(run.root)
        }
        for index, actor in shown.items():
            honest = actor in self.honest
            agreeing = [
                other
                for other, party in shown.items()
                if other != index and (not honest or party in self.honest)
            ]
            self._attempt(market.comparing(self.task, actor, *agreeing), actor)
        self._decide()

    def _decide(self) -> None:
        market.decide(self.world, self.buyer, self.task)

    def _attempt(self, step: Instruction, *signers: Actor) -> None:
        try:
            self.world.send(step, signers=signers)
        except ProgramError as refusal:
            assert refusal.name in _REFUSALS  # noqa: PT017

    def wind_up(self) -> None:
        """Frees every bond that is left and pays everybody."""
        held = market.stored(self.world, self.task)
        for index, run in enumerate(held.runs[: held.joined]):
            actor = next(each for each in self.everybody if each.key == run.provider)
            address = staking.exposure_address(self.task.address, actor.key)
            if self.world.exists(address):
                market.release(self.world, self.task, index, actor)
        market.empty_escrow(self.world, self.task, [self.buyer, *self.everybody])

    def lost(self, actor: Actor) -> int:
        """Returns how much of its stake an actor lost, in base units."""
        return STAKED - position(self.world, actor).amount
