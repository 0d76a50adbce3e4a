"""Plays one seed, from casting to judgement."""

from collections import Counter
from random import Random

from keeper.lab.market import jobs as market
from keeper.lab.market.stakers import appoint
from tests.adversaries.casting import Cast, Casting
from tests.adversaries.finale import Stranger
from tests.adversaries.life import Life
from tests.adversaries.promises import Promises
from tests.adversaries.run import Run
from tests.adversaries.town import TOWNS, Town, town
from tests.adversaries.traces import trace_of


def begin(place: Town, cast: Cast, random: Random) -> Run:
    """Restores the town, and posts the jobs."""
    run = Run(place, random, cast.bands)
    assert cast.buyer is not None
    for actor in place.providers:
        if actor.key in cast.budgets:
            appoint(run.world, actor, *cast.budgets[actor.key])
    for _ in range(cast.jobs):
        burned = run.world.burned()
        job = market.post_job(
            run.world,
            cast.buyer,
            place.graph,
            input_root=trace_of(()).witness.claim(0, 0).inputs_root,
            **cast.offer,
        )
        claimers = list(cast.claimers)
        if run.lives:
            random.shuffle(claimers)
        run.lives.append(Life(job, tuple(claimers), run.world.burned() - burned))
    return run


def play(seed: int) -> Counter[str]:
    """Plays a seed to its end, checks the promises and returns counts of what was reached.

    A failure carries the story of the run and the command that repeats it.
    """
    random = Random(seed)
    place = town(seed % TOWNS)
    cast = Casting(place, random).draw()
    run = begin(place, cast, random)
    try:
        finish(run, cast)
    except Exception as broken:
        broken.add_note("\n".join([*cast.kinds(), *run.story]))
        broken.add_note(f"seed {seed}, {cast.theme}; again: python -m tests.adversaries {seed}")
        raise
    return run.reached


def finish(run: Run, cast: Cast) -> None:
    """Plays on until everything is closed, and checks the promises."""
    stranger = Stranger(run.town.outsiders[0], run.random)
    run.play(cast.parties, stranger.act)
    for life in run.lives:
        run.reached[f"outcome {life.outcome.name.lower()}"] += 1
        run.reached[f"job state {life.ended}"] += 1
    run.reached[f"theme {cast.theme}"] += 1
    for party in cast.parties:
        run.reached[f"kind {party.kind}"] += 1
    Promises(run, cast).check()
