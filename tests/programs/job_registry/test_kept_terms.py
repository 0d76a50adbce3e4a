"""What a job credits is the same whatever terms are applied between its posting and its end."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.lab.market import judgement
from keeper.lab.market.jobs import claim, post_job, register_graph, register_provider
from keeper.lab.market.stakers import committee, pool
from neurolov_client import escrow, job_registry, staking
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import Choice
from tests.world import NLOV, World

VERIFIERS = 3
FACTORS = {
    ("escrow", "fee_bps"): (0.5, 2.0),
    ("escrow", "posting_fee"): (0.5, 2.0),
    ("job_registry", "kappa"): (1.0, 2.0),
    ("job_registry", "bond_bps"): (0.5, 2.0),
    ("job_registry", "lease_slots"): (0.5, 2.0),
    ("job_registry", "min_price"): (0.5, 2.0),
    ("job_registry", "min_tip"): (0.5, 2.0),
    ("job_registry", "reputation_ref"): (0.5, 2.0),
    ("job_registry", "season_q32"): (0.5, 2.0),
    ("staking", "slash_burn_bps"): (1.0, 2.0),
    ("verdict", "ballot_exposure"): (1.0, 2.0),
    ("verdict", "ballot_slots"): (0.5, 2.0),
    ("verdict", "challenge_slots"): (0.8, 2.0),
    ("verdict", "reveal_slots"): (0.5, 2.0),
    ("verdict", "silence_fee"): (0.5, 2.0),
    ("verdict", "p_floor_bps"): (1.0, 2.0),
}
"""How far each parameter of a part moves: one step at most, after which terms still deter."""

Scales = dict[tuple[str, str], float]


def moved(present: staking.Parameters, scales: Scales) -> staking.Parameters:
    """Returns the parameters, each scaled as drawn."""
    for (part, name), scale in scales.items():
        values = getattr(present, part)
        scaled = round(getattr(values, name) * scale)
        present = replace(present, **{part: replace(values, **{name: scaled})})
    return present


def lived(world: World, queued: staking.Parameters | None) -> tuple[object, ...]:
    """Plays a job; applies other terms right after its posting if they are given.

    Returns what everybody is credited, the fee, and what is left of the provider's record.
    """
    members = dict(enumerate(committee(world, VERIFIERS)))
    provider, cranker = world.actor("provider"), world.actor("cranker")
    buyer = world.actor("buyer", tokens=1_000 * NLOV)
    register_provider(world, provider)
    graph = register_graph(world, buyer)
    if queued is not None:
        next_terms = staking.terms_address(pool(world).terms + 1)
        queueing = staking.queue_terms(
            version=pool(world).terms + 1,
            parameters=queued,
            authority=world.authority.key,
            present=world.terms,
            treasury=world.treasury,
        )
        world.send(queueing, signers=[world.authority])
    world.warp(world.parameters.staking.unbonding_slots + 3 * pool(world).checkpoint_slots)
    job = post_job(world, buyer, graph)
    if queued is not None:
        world.send(staking.apply_terms(present=world.terms, terms=next_terms))
    claim(world, provider, job)
    world.warp(5)
    judgement.commit(world, provider, job)
    judgement.draw(world, cranker, job)
    judgement.ballots(world, members, job, Choice.ACCEPT)
    judgement.tally(world, cranker, job)
    judgement.settle(world, cranker, job)
    assert world.fetch(job_registry.Job, job.address).state == JobState.SETTLED
    money = world.fetch(escrow.Escrow, job.escrow)
    rated = world.fetch(job_registry.Provider, job_registry.provider_address(provider.key))
    # a beacon depends on all transactions before it, and the order of the draw on the beacon
    credits = sorted((str(each.party), each.amount) for each in money.credits[: money.credit_count])
    return credits, money.fee, money.credited, rated.reputation, rated.measured_rate, world.slot


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(
    scales=st.fixed_dictionaries(
        {}, optional={name: st.floats(*factors) for name, factors in FACTORS.items()}
    )
)
def test_a_job_credits_the_same_whatever_is_applied_meanwhile(scales: Scales) -> None:
    world = World.fresh()
    start = world.save()
    alone = lived(world, None)
    world.restore(start)
    assert lived(world, moved(world.parameters, scales)) == alone
    assert pool(world).terms == 1
