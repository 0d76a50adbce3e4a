"""Each way to behave badly by itself, and its consequences."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from keeper.lab.market.stakers import appoint, pool
from neurolov_client import staking
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import Outcome
from tests.adversaries import buyers, opportunists, outsiders, providers, verifiers
from tests.adversaries.casting import BUYERS, GRIEFERS, PROVIDERS, VERIFIERS, Cast, Casting
from tests.adversaries.life import Life
from tests.adversaries.play import begin, finish
from tests.adversaries.promises import Promises
from tests.adversaries.run import Run
from tests.adversaries.town import CROWDED, TOWNS, Town, town
from tests.adversaries.traces import PLACES
from tests.world import NLOV

SEATS = 3
"""Seats of verifiers in a town with localnet's parameters; the fourth belongs to a silent provider.

All four are drawn, so the other three decide if they agree.
"""
TERMS = {"verifiers": 5, "price": 4 * NLOV, "verification_fee": NLOV // 5, "tip": NLOV // 100}
Verifiers = Sequence[type[verifiers.Verifier]]
HONEST: Verifiers = (verifiers.HonestVerifier,) * SEATS


@pytest.fixture
def place() -> Town:
    return town(0)


class Stage:
    """A run that a test casts itself, with the parties named and one honest cranker."""

    def __init__(
        self,
        place: Town,
        provider: Callable[..., providers.Provider],
        judges: Verifiers = HONEST,
        *,
        buyer: type[buyers.Buyer] = buyers.HonestBuyer,
        outside: Sequence[type[outsiders.Watcher | outsiders.Griefer]] = (),
        offer: Mapping[str, Any] = MappingProxyType({}),
        jobs: int = 1,
        **changes: Any,
    ) -> None:
        random = Random(7)
        self.random = random
        self.provider = place.providers[2]
        others = iter(place.outsiders[1:])
        more = [next(others)] if provider is providers.SelfChallenger else []
        main = provider(self.provider, random, *more)
        for name, value in changes.items():
            setattr(main, name, value)
        self.judges = [
            kind(actor, random, seat)
            for seat, (kind, actor) in enumerate(zip(judges, place.verifiers, strict=True))
        ]
        self.cast = Cast(
            "a test",
            [
                main,
                *self.judges,
                buyer(place.buyers[0], random),
                outsiders.Cranker(place.outsiders[0], random),
                *(kind(next(others), random) for kind in outside),
            ],
            [self.provider],
            jobs,
            buyer=place.buyers[0],
            offer={**TERMS, **offer},
            watched=outsiders.Watcher in outside,
        )
        if more:
            self.cast.bands = [frozenset({self.provider.key, more[0].key})]
        self.run = begin(place, self.cast, random)

    def played(self) -> "Stage":
        """Plays to the end and checks every promise."""
        finish(self.run, self.cast)
        return self

    @property
    def life(self) -> Life:
        return self.run.lives[0]

    def gain(self, actor: Any) -> int:
        """Returns how much an actor gained, in base units."""
        return self.run.town.wealth(actor) - self.run.wealth_before[actor.key]


def test_honest_work_is_accepted_and_paid(place: Town) -> None:
    stage = Stage(place, providers.HonestProvider).played()
    assert (stage.life.outcome, stage.life.ended) == (Outcome.ACCEPTED, JobState.SETTLED)
    assert stage.gain(stage.provider) > 0
    assert {stage.gain(judge.actor) for judge in stage.judges} == {NLOV // 5}


def test_a_lie_is_convicted_by_its_verifiers(place: Town) -> None:
    stage = Stage(place, providers.Liar).played()
    assert (stage.life.outcome, stage.life.ended) == (Outcome.FRAUD, JobState.VOIDED)
    assert stage.gain(stage.provider) == -stage.run.slashed[stage.provider.key] - _bond(stage)
    gains = [stage.gain(judge.actor) for judge in stage.judges]
    assert min(gains) >= 0
    assert max(gains) > stage.run.slashed[stage.provider.key] // 4


def test_lazy_verifiers_are_slashed_with_the_lie_that_they_accepted(place: Town) -> None:
    lazy = (verifiers.LazyVerifier,) * SEATS
    stage = Stage(place, providers.Liar, lazy, outside=[outsiders.Watcher])
    watcher = next(each for each in stage.cast.parties if isinstance(each, outsiders.Watcher))
    watcher.late, watcher.later = True, True
    stage.played()
    assert stage.life.outcome is Outcome.FRAUD
    exposure = stage.run.world.parameters.verdict.ballot_exposure
    assert {stage.gain(judge.actor) for judge in stage.judges} == {-exposure}
    assert stage.gain(watcher.actor) > 0


def test_a_lie_that_everybody_accepts_is_paid_only_if_nobody_looks(place: Town) -> None:
    stage = Stage(place, providers.Liar, (verifiers.LazyVerifier,) * SEATS).played()
    assert stage.life.outcome is Outcome.ACCEPTED
    assert stage.life.provable


@pytest.mark.parametrize("waits", [False, True])
def test_proving_one_s_own_lie_costs_what_is_burned(place: Town, waits: bool) -> None:
    judges: Verifiers = (verifiers.LazyVerifier,) * SEATS if waits else HONEST
    stage = Stage(place, providers.SelfChallenger, judges, lies_in_wait=waits).played()
    assert stage.life.outcome is Outcome.FRAUD
    other = next(key for key in stage.cast.bands[0] if key != stage.provider.key)
    challenger = next(actor for actor in place.outsiders if actor.key == other)
    lost = stage.run.slashed[stage.provider.key]
    bounty = stage.gain(challenger)
    assert bounty == lost // 4
    assert stage.gain(stage.provider) + bounty == -lost + bounty - _bond(stage)


@pytest.mark.parametrize("ordered", [False, True])
def test_an_order_excuses_its_provider_and_nobody_who_accepted(place: Town, ordered: bool) -> None:
    operator, element = PLACES[9]
    friend = place.providers[2]
    trap = buyers.trap_of(friend.key, operator if ordered else operator + 1)
    judges = (verifiers.HonestVerifier, verifiers.LazyVerifier, verifiers.LazyVerifier)
    stage = Stage(
        place,
        providers.Liar,
        judges,
        buyer=buyers.Trapper,
        offer={"trap": trap},
        lies=frozenset({(operator, element)}),
    )
    stage.cast.bands = [frozenset({friend.key, place.buyers[0].key})]
    stage.played()
    assert stage.life.outcome is (Outcome.TRAP if ordered else Outcome.FRAUD)
    assert (stage.gain(friend) == 0) == ordered
    assert stage.run.reached["slash ballot"] == stage.run.reached["reveal ACCEPT"]
    assert stage.gain(stage.judges[0].actor) > 0


def test_a_copied_ballot_opens_for_nobody(place: Town) -> None:
    judges = (verifiers.Copier, verifiers.HonestVerifier, verifiers.HonestVerifier)
    stage = Stage(place, providers.HonestProvider, judges).played()
    assert stage.run.reached["reveal a copy: WrongBallot"] == 1
    assert stage.life.outcome is Outcome.UNVERIFIED
    assert stage.gain(stage.judges[0].actor) == -stage.run.world.parameters.verdict.silence_fee


def test_a_withheld_ballot_costs_its_fee(place: Town) -> None:
    judges = (verifiers.BallotWithholder,) * SEATS
    stage = Stage(place, providers.HonestProvider, judges)
    for judge in stage.judges:
        assert isinstance(judge, verifiers.BallotWithholder)
        judge.mute = False
    stage.played()
    assert stage.life.outcome is Outcome.UNVERIFIED
    fee = stage.run.world.parameters.verdict.silence_fee
    assert {stage.gain(judge.actor) for judge in stage.judges} == {-fee}
    assert stage.gain(stage.provider) > 0


def test_a_majority_that_rejects_without_proof_takes_nothing(place: Town) -> None:
    stage = Stage(place, providers.HonestProvider, (verifiers.Rejecter,) * SEATS).played()
    assert (stage.life.outcome, stage.life.ended) == (Outcome.UNPROVEN, JobState.SETTLED)
    assert stage.run.reached["prove: ElementIsRight"] == SEATS
    assert stage.gain(stage.provider) > 0
    assert {stage.gain(judge.actor) for judge in stage.judges} == {0}


def test_a_majority_that_misses_available_data_is_answered(place: Town) -> None:
    stage = Stage(place, providers.HonestProvider, (verifiers.Denier,) * SEATS).played()
    assert stage.run.reached["answer"] == 8
    assert stage.life.outcome is Outcome.UNVERIFIED
    assert stage.gain(stage.provider) > 0


@pytest.mark.parametrize("opens", [False, True])
def test_withheld_data_costs_the_stake(place: Town, opens: bool) -> None:
    stage = Stage(place, providers.DataWithholder, opens=opens, answers=False).played()
    assert (stage.life.outcome, stage.life.ended) == (Outcome.WITHHELD, JobState.VOIDED)
    slashed = stage.run.slashed[stage.provider.key]
    assert slashed > 0
    assert stage.gain(stage.provider) == -_bond(stage) - slashed


def test_a_lease_held_in_silence_costs_the_bond(place: Town) -> None:
    stage = Stage(place, providers.Staller, last=0).played()
    assert stage.life.ended == JobState.EXPIRED
    assert stage.gain(stage.provider) == -_bond(stage) < 0


def test_a_stranger_s_salt_changes_nothing(place: Town) -> None:
    stage = Stage(place, providers.HonestProvider, buyer=buyers.WrongSalter).played()
    assert stage.run.reached["draw with a wrong salt: WrongSalt"]
    assert stage.life.outcome is Outcome.ACCEPTED


def test_a_lease_cannot_be_cancelled(place: Town) -> None:
    stage = Stage(place, providers.HonestProvider, buyer=buyers.Canceller).played()
    assert stage.life.ended in {JobState.SETTLED, JobState.CANCELLED}
    assert (stage.life.ended == JobState.CANCELLED) == (stage.gain(stage.provider) == 0)


def test_false_challenges_and_hasty_cranks_change_nothing(place: Town) -> None:
    stage = Stage(
        place,
        providers.HonestProvider,
        outside=[outsiders.FalseChallenger, outsiders.Impatient, outsiders.BountyThief],
    ).played()
    assert stage.run.reached["prove: ElementIsRight"]
    assert stage.life.outcome is Outcome.ACCEPTED


def test_stake_that_follows_the_beacon_wins_no_turn(place: Town) -> None:
    stage = Stage(place, providers.HonestProvider)
    stage.cast.parties.append(opportunists.KeyChooser(place.keys, stage.random))
    stage.played()
    assert stage.run.reached["claim on the luckiest key: BeforeTurn"] == 1
    assert stage.life.outcome is Outcome.ACCEPTED
    assert {place.stake(key.key) for key in place.keys} == {0}


def test_a_squatter_without_lasting_stake_gets_no_seat(place: Town) -> None:
    stage = Stage(place, providers.HonestProvider)
    squatter = opportunists.Squatter(place.outsiders[5], stage.random)
    refused = {
        "squat and unstake": "InsufficientFreeStake",
        "squat on too little": "BelowVerifierMinimum",
        "squat on a seat that is held": "AccountAlreadyInUse",
        "evict": "SufficientlyCollateralised",
        "displace": "SeatsFree",
    }
    for what, error in refused.items():
        assert squatter.send(stage.run, what, *squatter.schemes(stage.run)[what]) is None
        assert stage.run.reached[f"{what}: {error}"] == 1
    assert stage.gain(squatter.actor) == 0
    assert squatter.send(stage.run, "squat", *squatter.schemes(stage.run)["squat in silence"])
    stage.cast.parties.append(squatter)
    stage.played()
    assert stage.life.outcome is Outcome.ACCEPTED
    seated = [each for each in stage.run.world.all(staking.Position).values() if each.collateral]
    least = stage.run.world.parameters.staking.min_verifier_stake
    fined = stage.run.fined
    assert all(each.collateral + fined[each.owner] >= least for each in seated)


def test_full_seats_decline_without_a_fine() -> None:
    crowded = town(CROWDED)
    stage = Stage(
        crowded,
        providers.HonestProvider,
        (verifiers.HonestVerifier,) * len(crowded.verifiers),
        jobs=4,
        offer={"verification_fee": crowded.verification_floor},
    )
    for judge in stage.judges:
        judge.haste = 0.0
    stage.played()
    assert stage.run.reached["decline"] > 0
    assert stage.run.fined.keys() <= {crowded.silent.key}
    assert {life.ended for life in stage.run.lives} == {JobState.SETTLED}
    for judge in stage.judges:
        assert stage.gain(judge.actor) >= 0


@pytest.mark.parametrize("budget", [99, 101, 500])
def test_a_stolen_key_lies_within_its_budget(place: Town, budget: int) -> None:
    owner, key = place.providers[2], place.outsiders[5]
    stage = Stage(place, lambda actor, random: providers.Thief(actor, random, key, budget * NLOV))
    stage.cast.budgets[owner.key] = key, budget * NLOV
    stage.cast.bands = [frozenset({owner.key, key.key})]
    stage.run.bands = stage.cast.bands
    appoint(stage.run.world, owner, key, budget * NLOV)
    stage.played()
    exposure = 25 * 4 * NLOV
    if budget * NLOV < exposure:
        assert stage.run.reached["claim: OperatorBudgetExceeded"] > 0
        assert stage.life.ended == JobState.EXPIRED
        assert stage.gain(owner) == 0
    else:
        assert stage.life.outcome is Outcome.FRAUD
        assert stage.run.slashed[owner.key] == exposure
        assert stage.run.reached["unstake by a stolen key: ConstraintSeeds"] == 1
        assert stage.run.reached["appoint by a stolen key: WrongOwner"] == 1
        assert stage.run.reached["take a seat by a stolen key: WrongOwner"] == 1


def test_terms_that_apply_while_a_job_runs_change_nothing_of_it() -> None:
    governed = town(1)
    stage = Stage(
        governed,
        providers.HonestProvider,
        (verifiers.HonestVerifier,) * len(governed.verifiers),
        offer={"verification_fee": governed.verification_floor},
    )
    stage.cast.parties.append(opportunists.Governor(governed.outsiders[4], stage.random))
    before = pool(stage.run.world).terms
    stage.played()
    assert stage.run.reached["apply terms"] == 1
    assert pool(stage.run.world).terms == before + 1
    assert stage.life.judged is not None
    assert stage.life.judged.terms == before
    assert stage.gain(stage.provider) > 0


def test_every_kind_is_cast() -> None:
    """The first seeds already cast every kind and every theme."""
    found: set[type] = set()
    for seed in range(400):
        found |= {type(p) for p in Casting(town(seed % TOWNS), Random(seed)).draw().parties}
    assert found >= {*PROVIDERS, *VERIFIERS, *BUYERS, *GRIEFERS}
    assert found >= {providers.SelfChallenger, verifiers.Colluder, buyers.Trapper}
    assert found >= {providers.Thief, opportunists.KeyChooser, opportunists.Governor}


def _taken(run: Run, stage: Stage) -> None:
    run.stake_before[stage.judges[0].actor.key] += 1


def _minted(run: Run, stage: Stage) -> None:
    run.world.mint_to(run.town.outsiders[3], 1)


def _burned(run: Run, stage: Stage) -> None:
    run.lives[0].burned += 1


def _unpaid(run: Run, stage: Stage) -> None:
    run.wealth_before[stage.provider.key] += 1


def _unfinished(run: Run, stage: Stage) -> None:
    run.lives[0].ended = None


@pytest.mark.parametrize("breach", [_taken, _minted, _burned, _unpaid, _unfinished])
def test_a_broken_promise_is_noticed(place: Town, breach: Callable[[Run, Stage], None]) -> None:
    stage = Stage(place, providers.HonestProvider).played()
    breach(stage.run, stage)
    with pytest.raises(AssertionError):
        Promises(stage.run, stage.cast).check()


def _bond(stage: Stage) -> int:
    """Returns what the provider forfeited, in base units."""
    return sum(
        bond for (owner, _), bond in stage.run.forfeited.items() if owner == stage.provider.key
    )
