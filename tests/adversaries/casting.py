"""Assigns parts to actors, drawn from a seed, theme by theme."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from solders.pubkey import Pubkey

from tests.adversaries import buyers, opportunists, outsiders, providers, verifiers
from tests.adversaries.party import Party
from tests.adversaries.town import Town
from tests.adversaries.traces import OPERATORS
from tests.world import NLOV, Actor

ProviderKind = Callable[[Actor, Random], providers.Provider]
VerifierKind = Callable[[Actor, Random, int], verifiers.Verifier]
PROVIDERS: Final[Sequence[type[providers.Provider]]] = (
    providers.HonestProvider,
    providers.Liar,
    providers.DataWithholder,
    providers.Staller,
)
VERIFIERS: Final[Sequence[type[verifiers.Verifier]]] = (
    verifiers.HonestVerifier,
    verifiers.LazyVerifier,
    verifiers.Copier,
    verifiers.BallotWithholder,
    verifiers.Rejecter,
    verifiers.Denier,
)
GRIEF: Final[Sequence[VerifierKind]] = (verifiers.Rejecter, verifiers.Denier)
BUYERS: Final[Sequence[type[buyers.Buyer]]] = (
    buyers.HonestBuyer,
    buyers.SaltWithholder,
    buyers.InputWithholder,
    buyers.Canceller,
    buyers.WrongSalter,
)
GRIEFERS: Final[Sequence[type[outsiders.Griefer]]] = (
    outsiders.Impatient,
    outsiders.FalseChallenger,
    outsiders.BountyThief,
    opportunists.Squatter,
)
THEMES: Final = (
    "honest",
    "lie",
    "collusion",
    "self-challenge",
    "data withheld",
    "silence",
    "griefing",
    "one party",
    "stolen key",
    "crowding",
    "anything",
)


@dataclass(slots=True)
class Cast:
    """The parties of a run, the order of the providers' claims, and the bands."""

    theme: str
    parties: list[Party] = field(default_factory=list)
    claimers: list[Actor] = field(default_factory=list)
    jobs: int = 1
    buyer: Actor | None = None
    bands: list[frozenset[Pubkey]] = field(default_factory=list)
    offer: dict[str, Any] = field(default_factory=dict)
    budgets: dict[Pubkey, tuple[Actor, int]] = field(default_factory=dict)
    """The operator and its budget of each owner that has appointed one."""
    watched: bool = False
    """Whether an honest watcher checks every result."""

    def honest(self) -> set[Pubkey]:
        """Returns the keys that play only honest parts."""
        rogues = {party.actor.key for party in self.parties if not party.honest}
        rogues.update(key for band in self.bands for key in band)
        return {party.actor.key for party in self.parties if party.honest} - rogues

    def kinds(self) -> list[str]:
        """Describes the part of each actor, for the report of a failure."""
        return [f"{party.actor.name} is {party.kind}" for party in self.parties]


class Casting:
    """Draws a cast for a town."""

    def __init__(self, town: Town, random: Random) -> None:
        self.town = town
        self.random = random
        self.cast = Cast(random.choice(THEMES))
        self._free = list(town.outsiders)
        self._grief: Sequence[VerifierKind] = GRIEF

    def draw(self) -> Cast:
        """Returns a part for every actor, and the offer of the job."""
        cast, random = self.cast, self.random
        theme = cast.theme
        floor = self.town.verification_floor
        min_tip = self.town.world.parameters.job_registry.min_tip
        cast.offer = {
            "verifiers": random.choice([1, 3, 3, 3, 5]),
            "price": random.randint(2 * NLOV, 8 * NLOV),
            "verification_fee": floor + random.choice([0, 1, random.randint(0, NLOV // 5)]),
            "tip": min_tip + random.choice([0, random.randint(1, NLOV // 50)]),
            "paid_urgency": random.choice([0, 0, 2 * random.randint(1, NLOV // 2)]),
        }
        cast.jobs = 4 if theme == "crowding" else random.choice([1] * 6 + [2])
        main = self._provider(theme)
        self._others(main)
        self._buyer()
        if isinstance(liar := cast.parties[0], providers.Liar):
            self._order(liar)
        self._verifiers(main)
        self._outsiders()
        return cast

    def _provider(self, theme: str) -> Actor:
        actor = self.random.choice(self.town.providers)
        kinds: dict[str, Sequence[ProviderKind]] = {
            "lie": [providers.Liar],
            "collusion": [providers.Liar, providers.Liar, providers.DataWithholder],
            "self-challenge": [self._self_challenger],
            "data withheld": [providers.DataWithholder],
            "silence": [providers.Staller],
            "one party": [self._self_challenger, providers.Liar, providers.HonestProvider],
            "stolen key": [self._thief],
            "anything": [*PROVIDERS, self._self_challenger],
        }
        self._join(
            self.random.choice(kinds.get(theme, [providers.HonestProvider]))(actor, self.random)
        )
        return actor

    def _self_challenger(self, actor: Actor, random: Random) -> providers.SelfChallenger:
        other = self._free.pop()
        self.cast.bands.append(frozenset({actor.key, other.key}))
        return providers.SelfChallenger(actor, random, other)

    def _thief(self, actor: Actor, random: Random) -> providers.Thief:
        stolen = self._free.pop()
        budget = random.choice([0, random.randint(1, 600), 2_000]) * NLOV
        self.cast.budgets[actor.key] = stolen, budget
        self.cast.bands.append(frozenset({actor.key, stolen.key}))
        return providers.Thief(actor, random, stolen, budget)

    def _others(self, main: Actor) -> None:
        """Adds the providers that claim after the first has let its lease expire."""
        rest = [actor for actor in self.town.providers if actor != main]
        self.random.shuffle(rest)
        self.cast.claimers = [main]
        for actor in rest[: self.random.choice([0, 1, 1, 2, 3])]:
            kinds: Sequence[ProviderKind] = [providers.HonestProvider, *PROVIDERS]
            self._join(self.random.choice(kinds)(actor, self.random))
            self.cast.claimers.append(actor)

    def _buyer(self) -> None:
        cast = self.cast
        cast.buyer = self.town.buyers[0]
        if cast.theme == "one party" or self.random.random() < 0.1:
            cast.buyer = self.random.choice(self.town.buyers)
        rogue = self.random.random() < 0.3
        kind = self.random.choice(BUYERS) if rogue else buyers.HonestBuyer
        self._join(kind(cast.buyer, self.random))

    def _order(self, liar: providers.Liar) -> None:
        """Sometimes makes the buyer order the lie, or order another one."""
        if self.cast.theme not in {"one party", "lie"} or self.random.random() < 0.5:
            return
        operator, _ = self.random.choice(sorted(liar.lies))
        if self.random.random() < 0.2:
            operator = (operator + 1) % OPERATORS
        buyer = self.cast.parties[-1].actor
        self.cast.parties[-1] = buyers.Trapper(buyer, self.random)
        self.cast.offer["trap"] = buyers.trap_of(liar.actor.key, operator)
        self.cast.bands.append(frozenset({liar.actor.key, buyer.key}))

    def _verifiers(self, main: Actor) -> None:
        """Casts the verifiers.

        Rogues are a minority of the seats, but may be a majority of a draw. Griefers and colluders
        sometimes hold all seats, because votes alone take nobody's stake.
        """
        cast, random = self.cast, self.random
        seats = [*self.town.seats.items()]
        members = [(seat, actor) for seat, actor in seats if actor not in self.town.providers]
        random.shuffle(members)
        few = (len(members) - 1) // 2
        most = random.choice([few, few, len(members) - 1, len(members)])
        rogues = {
            "honest": 0,
            "collusion": most,
            "one party": few,
            "griefing": most,
        }.get(cast.theme, random.randint(0, few))
        self._grief = random.choice([[verifiers.Rejecter], [verifiers.Denier], GRIEF])
        band = {main.key}
        for number, (seat, actor) in enumerate(members):
            kind: VerifierKind = verifiers.HonestVerifier
            if number < rogues:
                kind = self._rogue(cast.theme)
                band.add(actor.key)
            self._join(kind(actor, random, seat))
        if cast.theme in {"collusion", "one party"}:
            if cast.theme == "one party" and cast.buyer is not None:
                band.add(cast.buyer.key)
            cast.bands.append(frozenset(band))
        if cast.bands:
            cast.bands = [frozenset[Pubkey]().union(*cast.bands)]

    def _rogue(self, theme: str) -> VerifierKind:
        if theme in {"collusion", "one party"}:
            return verifiers.Colluder
        if theme == "griefing":
            return self.random.choice(self._grief)
        return self.random.choice(VERIFIERS[1:])

    def _outsiders(self) -> None:
        cast, random = self.cast, self.random
        self._join(outsiders.Cranker(self._free.pop(), random))
        cast.watched = random.random() < 0.85
        if cast.watched:
            self._join(outsiders.Watcher(self._free.pop(), random))
        griefers = 2 if cast.theme == "griefing" else random.choice([0, 0, 1])
        if cast.theme != "honest":
            for kind in random.sample(GRIEFERS, griefers):
                self._join(kind(self._free.pop(), random))
        self._join(opportunists.Governor(self._free.pop(), random))
        if cast.theme != "honest" and random.random() < 0.3:
            self._join(opportunists.KeyChooser(self.town.keys, random))

    def _join(self, party: Party) -> None:
        self.cast.parties.append(party)
