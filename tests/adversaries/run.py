"""A marketplace under way: what its parties see, what they try, and what it costs them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Final, Protocol

from solders.pubkey import Pubkey

from keeper.lab.market.jobs import terms_of
from keeper.lab.market.sandbox import Sent
from neurolov_client import ProgramError, job_registry, staking, verdict
from neurolov_client.bindings.verdict import State
from tests.adversaries.life import ENDED, Life, next_slots
from tests.adversaries.town import Town

_ROUNDS: Final = 600
"""More rounds than any job can need: a few rounds meet each deadline."""


class Player(Protocol):
    """A party that acts on each job whenever it is asked."""

    def act(self, run: "Run", life: Life) -> None: ...


class Run:
    """Restores the town and plays jobs in it."""

    def __init__(self, town: Town, random: Random, bands: Sequence[frozenset[Pubkey]]) -> None:
        town.world.restore(town.saved)
        self.town = town
        self.world = town.world
        self.random = random
        self.bands = bands
        self.lives: list[Life] = []
        self.names = {actor.key: actor.name for actor in town.everybody}
        self.story: list[str] = []
        self.reached = Counter[str]()
        self.slashed = Counter[Pubkey]()
        self.forfeited = Counter[tuple[Pubkey, Pubkey]]()
        """Bonds taken: the owner, and the token account that received each."""
        self.fined = Counter[Pubkey]()
        """What each owner paid for silence, in base units."""
        self.burned_stake = 0
        self.wealth_before = {actor.key: town.wealth(actor) for actor in town.everybody}
        self.stake_before = {actor.key: town.stake(actor.key) for actor in town.everybody}
        self.burned_before = self.world.burned()
        self.balances_before = self.world.token_accounts()
        self._wakes: set[int] = set()
        self._views: dict[Pubkey, tuple[job_registry.Job | None, verdict.Verdict | None]] = {}
        self._changes = 0

    # What all parties see.

    def job(self, life: Life) -> job_registry.Job:
        """Returns the job's account."""
        found = self._view(life)[0]
        assert found is not None
        return found

    def judging(self, life: Life) -> verdict.Verdict | None:
        """Returns the job's verdict, if it has been opened."""
        return self._view(life)[1]

    def terms(self, life: Life) -> Pubkey:
        """Returns the address of the terms that the job keeps."""
        return terms_of(self.world, life.job)

    def together(self, one: Pubkey, other: Pubkey) -> bool:
        """Returns whether two keys are equal or belong to one band."""
        return one == other or any(one in band and other in band for band in self.bands)

    def _view(self, life: Life) -> tuple[job_registry.Job | None, verdict.Verdict | None]:
        address = life.job.address
        if address not in self._views:
            judging = verdict.verdict_address(address)
            self._views[address] = (
                self.world.fetch(job_registry.Job, address) if self.world.exists(address) else None,
                self.world.fetch(verdict.Verdict, judging) if self.world.exists(judging) else None,
            )
        return self._views[address]

    # What any party may try.

    def attempt(self, who: str, what: str, step: Callable[[], Sent]) -> Sent | None:
        """Takes a step; where the chain refuses it, returns none and counts the error."""
        try:
            sent = step()
        except ProgramError as refusal:
            self.reached[f"{what}: {refusal.name}"] += 1
            self.story.append(f"{self.world.slot} {who}: {what} refused, {refusal.name}")
            return None
        self.story.append(f"{self.world.slot} {who}: {what}")
        self.reached[what] += 1
        self._views.clear()
        self._changes += 1
        for event in sent.events:
            if isinstance(event, staking.Slashed):
                self.slashed[event.owner] += event.amount
                self.burned_stake += event.burned
                self.story.append(f"  {self.names[event.owner]} loses {event.amount}")
            elif isinstance(event, staking.BondForfeited):
                self.forfeited[event.owner, event.destination] += event.amount
                self.story.append(f"  {self.names[event.owner]} forfeits {event.amount}")
            elif isinstance(event, staking.Fined):
                self.fined[event.owner] += event.amount
                self.story.append(f"  {self.names[event.owner]} is fined {event.amount}")
        return sent

    def wake(self, slot: int) -> None:
        """Asks for a turn in this slot."""
        self._wakes.add(slot)

    # Time.

    def play(self, players: Iterable[Player], finish: Callable[["Run", Life], None]) -> None:
        """Gives every party turns in random order until every job has ended and is closed."""
        players = list(players)
        for _ in range(_ROUNDS):
            before = self._changes
            self.random.shuffle(players)
            for player in players:
                for life in self.lives:
                    self._turn(player, life)
            for life in self.lives:
                if life.ended is not None and not life.closed:
                    finish(self, life)
            quiet = self._changes == before
            if quiet and all(life.closed for life in self.lives) and not self._wakes:
                return
            if quiet:
                self._wait()
            elif self.random.random() < 0.3:
                self.world.warp(1)
        raise AssertionError(f"a job has no end after {_ROUNDS} rounds")

    def _turn(self, player: Player, life: Life) -> None:
        player.act(self, life)
        if life.ended is not None:
            return
        state = self.job(life).state
        if state in ENDED:
            life.ended = state
            found = self.judging(life)
            if found is not None and found.state == State.SETTLED:
                life.judged = found

    def _wait(self) -> None:
        slots = set(self._wakes)
        for life in self.lives:
            if life.ended is None:
                slots.update(next_slots(self.world, self.job(life), self.judging(life)))
        later = [slot for slot in slots if slot > self.world.slot]
        self.world.warp_to(min(later, default=self.world.slot + 1))
        self._wakes = {slot for slot in self._wakes if slot > self.world.slot}
