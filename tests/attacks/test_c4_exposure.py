"""A provider that asks next to nothing, so that a proven lie would cost it next to nothing.

The exposure once was kappa times the provider's own quote: with an ask of 1 on a job of 10 NLOV
nothing was slashed and no bounty paid. Now both follow from the buyer's offer.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market import judgement, stakers
from keeper.lab.market.actor import Actor
from keeper.lab.market.challenge import Challenge, slash_provider
from keeper.lab.market.jobs import (
    PostedJob,
    ask_for,
    claim,
    exposure,
    lease,
    post_job,
    register_graph,
    register_provider,
    small_graph,
)
from neurolov_client import job_registry, verdict
from tests.programs.verdict.disputing import LIE, lying_trace
from tests.world import NLOV, World

RULES = LOCALNET_PARAMETERS
KAPPA, LEAST = RULES.job_registry.kappa, RULES.job_registry.min_exposure
FEE_FLOOR = RULES.verdict.ballot_exposure * RULES.verdict.ballot_rent_bps // 10_000
FULL_ASK = ask_for(10 * NLOV, small_graph().multiply_adds)
STAKED = 1_000 * NLOV


@dataclass
class Lying:
    """A job whose provider asks `ask` and commits a trace with one wrong element."""

    world: World
    provider: Actor
    challenger: Actor
    cranker: Actor
    job: PostedJob

    @classmethod
    def posted(cls, ask: int, **offer: Any) -> "Lying":
        """Posts and claims the job."""
        world = World.fresh()
        provider = world.actor("provider")
        register_provider(world, provider, staked=STAKED, ask=ask)
        buyer = world.actor("buyer", tokens=1_000 * NLOV)
        roots: dict[str, Any] = {"input_root": lying_trace().witness.claim(0, 0).inputs_root}
        job = post_job(world, buyer, register_graph(world, buyer), **{**roots, **offer})
        claim(world, provider, job)
        return cls(world, provider, world.actor("challenger"), world.actor("cranker"), job)

    def convicted(self) -> verdict.Receipt:
        """Commits the lie, proves it, ends the job, and returns the receipt of the proof."""
        world, witness = self.world, lying_trace().witness
        for stage in witness.claim(0, 0).stages:
            judgement.commit(
                world,
                self.provider,
                self.job,
                first=stage.first,
                last=stage.last,
                root=stage.root,
            )
        evidence = witness.stage(*LIE)
        challenge = Challenge(self.challenger, self.job, *LIE, evidence)
        challenge.proven(world)
        address = verdict.receipt_address(self.job.address)
        proven = world.fetch(verdict.Receipt, address).slot
        world.warp_to(max(world.slot, proven + RULES.verdict.trap_slots + 1))
        world.send(slash_provider(world, self.job, self.provider.key))
        judgement.void(world, self.cranker, self.job)
        challenge.withdraw(world)
        return world.fetch(verdict.Receipt, address)


@pytest.mark.parametrize(("ask", "charged"), [(1, 0), (FULL_ASK, 10 * NLOV - 1)])
def test_c4_a_lie_costs_what_the_buyer_offered_whatever_was_asked(ask: int, charged: int) -> None:
    lying = Lying.posted(ask, price=10 * NLOV)
    held = exposure(lying.world, lying.job, lying.provider)
    assert (held.amount, held.bond) == (250 * NLOV, NLOV)
    assert lease(lying.world, lying.job).price == charged
    receipt = lying.convicted()
    assert (receipt.slashed, receipt.burned) == (250 * NLOV, 125 * NLOV)
    assert receipt.bounty == 62_500_000_000
    left = stakers.position(lying.world, lying.provider).amount
    assert STAKED - left == 251 * NLOV
    before = lying.world.tokens(lying.challenger)
    judgement.withdraw(lying.world, lying.challenger, lying.job)
    assert lying.world.tokens(lying.challenger) - before == receipt.bounty
    lying.world.check_conserved()


def test_c4_the_cheapest_lie_still_pays_whoever_proves_it() -> None:
    """A job at every floor exposes the least exposure, of which the prover gets a quarter."""
    floors: dict[str, Any] = {
        "price": RULES.job_registry.min_price,
        "tip": RULES.job_registry.min_tip,
        "verification_fee": FEE_FLOOR,
    }
    lying = Lying.posted(1, **floors)
    receipt = lying.convicted()
    assert KAPPA * RULES.job_registry.min_price < LEAST
    assert (receipt.slashed, receipt.bounty) == (LEAST, LEAST // 4) == (NLOV, NLOV // 4)
    judgement.withdraw(lying.world, lying.challenger, lying.job)
    assert lying.world.tokens(lying.challenger) == NLOV // 4


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(
    price=st.integers(RULES.job_registry.min_price, 30 * NLOV),
    premium=st.integers(0, 2 * NLOV),
    part=st.floats(0, 1),
)
def test_c4_the_exposure_does_not_depend_on_the_ask(price: int, premium: int, part: float) -> None:
    """Any ask up to the whole price locks the same stake, and pays no more than was offered."""
    ask = max(1, int(part * ask_for(price, small_graph().multiply_adds)))
    lying = Lying.posted(ask, price=price, paid_urgency=premium)
    offer = lying.world.fetch(job_registry.Job, lying.job.address)
    offered = offer.price + offer.urgency
    held = exposure(lying.world, lying.job, lying.provider)
    assert held.amount == max(KAPPA * offered, LEAST)
    assert held.bond == -(-offered * RULES.job_registry.bond_bps // 10_000)
    assert lease(lying.world, lying.job).price <= offered
