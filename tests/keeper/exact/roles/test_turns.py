"""The turns that a node predicts are the turns that the chain grants, slot by slot."""

from dataclasses import dataclass
from random import Random

import pytest
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.chain.gateway import Gateway
from keeper.configuration import NodeSettings
from keeper.exact.decisions.selection import ClaimConditions, acceptable, first_claim_slot
from keeper.exact.roles import JobMirror
from keeper.exact.roles.accounts import job_of, registration_of
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import (
    PostedJob,
    capability,
    claiming,
    open_buyer,
    post_job,
    register_graph,
)
from keeper.lab.market.sandbox import Sandbox
from keeper.lab.market.stakers import appoint, seat, stake
from keeper.node.accounts import leasable_of, slot_hashes_of, stake_of
from neurolov_client import SLOT_HASHES, ProgramError, job_registry, staking

JOBS = 12
BUYER_TOKENS = 1_000 * NLOV


@dataclass(frozen=True, slots=True)
class Claimant:
    """A provider, and the key that signs for it."""

    owner: Actor
    operator: Actor | None = None

    @property
    def signer(self) -> Actor:
        return self.operator or self.owner


class Market:
    """Providers whose stake came, went and was bound at various times, and a buyer."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self.buyer = self.sandbox.actor("buyer", tokens=BUYER_TOKENS)
        self.graph = register_graph(self.sandbox, self.buyer)
        open_buyer(self.sandbox, self.buyer)

    def provider(self, name: str, staked: int) -> Actor:
        owner = self.sandbox.actor(name, tokens=staked)
        stake(self.sandbox, owner, staked)
        registering = job_registry.register_provider(capability=capability(), owner=owner.key)
        self.sandbox.send(registering, signers=[owner])
        return owner

    def conditions(self, claimant: Claimant) -> ClaimConditions:
        """What the claimant's node would read now."""
        sandbox, owner = self.sandbox, claimant.owner.key
        pool = sandbox.fetch(staking.Pool, staking.pool_address())
        return ClaimConditions(
            registration=registration_of(
                sandbox.fetch(job_registry.Provider, job_registry.provider_address(owner))
            ),
            stake=stake_of(sandbox.fetch(staking.Position, staking.position_address(owner))),
            by_operator=claimant.operator is not None,
            leasable=leasable_of(pool),
            checkpoint_slots=pool.checkpoint_slots,
            demand_q32=sandbox.fetch(job_registry.Market, job_registry.market_address()).demand_q32,
            beacons=self.beacons(),
        )

    def beacons(self) -> dict[Pubkey, bytes | None]:
        found = slot_hashes_of(self.sandbox.bank.account(SLOT_HASHES))
        posted = {
            address: job.posted_slot for address, job in self.sandbox.all(job_registry.Job).items()
        }
        return {
            address: min(entry for entry in found if entry[0] >= slot)[1]
            for address, slot in posted.items()
        }

    def turn(self, claimant: Claimant, job: PostedJob) -> int | None:
        """Returns the first slot in which the node would claim, None where it never would."""
        rules = self.sandbox.parameters.job_registry
        account = self.sandbox.fetch(job_registry.Job, job.address)
        found, conditions = job_of(job.address, account), self.conditions(claimant)
        if not acceptable(found, rules, claimant.owner.key, conditions):
            return None
        return first_claim_slot(found, rules, claimant.owner.key, conditions)

    def claim(self, claimant: Claimant, job: PostedJob) -> str | None:
        """Claims, and returns the name of the refusal where there is one."""
        step = claiming(self.sandbox, claimant.owner, job, claimant.operator)
        try:
            self.sandbox.send(step, signers=[claimant.signer])
        except ProgramError as error:
            return error.name
        return None


def varied(market: Market) -> list[Claimant]:
    """Stake that stood, that grew, that leaves, that is bound to a seat, that an operator uses."""
    sandbox = market.sandbox
    steady, growing, leaving, seated, hot = (
        market.provider(name, staked * NLOV)
        for name, staked in (
            ("steady", 1_000),
            ("growing", 600),
            ("leaving", 2_000),
            ("seated", 1_200),
            ("owner", 800),
        )
    )
    operator = sandbox.actor("operator")
    appoint(sandbox, hot, operator, 700 * NLOV)
    sandbox.stand()
    sandbox.mint_to(growing, 3_000 * NLOV)
    stake(sandbox, growing, 3_000 * NLOV)
    sandbox.send(
        staking.request_unstake(
            amount=900 * NLOV, owner=leaving.key, ticket=staking.ticket_address(leaving.key, 0)
        ),
        signers=[leaving],
    )
    seat(sandbox, seated, 0, 500 * NLOV)
    return [
        *(Claimant(owner) for owner in (steady, growing, leaving, seated)),
        Claimant(hot, operator),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_each_claims_in_the_slot_that_its_node_predicts_and_not_before(seed: int) -> None:
    market, random = Market(), Random(seed)
    claimants = varied(market)
    sandbox = market.sandbox
    for number in range(JOBS):
        sandbox.warp(random.randrange(1, 2 * CHECKPOINT_SLOTS) if number % 3 == 0 else 3)
        job = post_job(sandbox, market.buyer, market.graph)
        sandbox.warp(1)
        claimant = claimants[number % len(claimants)]
        turn = market.turn(claimant, job)
        assert turn is not None
        if turn - 1 >= sandbox.slot:
            sandbox.warp_to(turn - 1)
            assert market.claim(claimant, job) == "BeforeTurn"
            sandbox.warp_to(turn)
        assert market.turn(claimant, job) == turn
        assert market.claim(claimant, job) is None
        held = sandbox.fetch(job_registry.Job, job.address)
        assert held.lease.provider == claimant.owner.key


def test_a_node_claims_nothing_that_the_chain_would_refuse() -> None:
    market = Market()
    sandbox = market.sandbox
    early = market.provider("early", 1_000 * NLOV)
    sandbox.stand()
    poor = market.provider("poor", 100 * NLOV)
    sandbox.stand()
    late = market.provider("late", 1_000 * NLOV)
    bound = market.provider("bound", 1_000 * NLOV)
    seat(sandbox, bound, 0, 950 * NLOV)
    sandbox.stand()
    newcomer = market.provider("newcomer", 1_000 * NLOV)
    hot = market.provider("owner", 1_000 * NLOV)
    thrifty = sandbox.actor("operator")
    appoint(sandbox, hot, thrifty, 100 * NLOV)
    job = post_job(sandbox, market.buyer, market.graph)
    rules = sandbox.parameters.job_registry
    sandbox.warp(rules.claim_max_delay_slots + 2)
    refused = {
        Claimant(poor): "InsufficientFreeStake",
        Claimant(bound): "InsufficientFreeStake",
        Claimant(newcomer): "RegisteredTooRecently",
        Claimant(hot, thrifty): "RegisteredTooRecently",
    }
    for claimant, refusal in refused.items():
        assert market.turn(claimant, job) is None
        assert market.claim(claimant, job) == refusal
    next_job = None
    sandbox.stand()
    next_job = post_job(sandbox, market.buyer, market.graph)
    sandbox.warp(rules.claim_max_delay_slots + 2)
    over_budget = Claimant(hot, thrifty)
    assert market.turn(over_budget, next_job) is None
    assert market.claim(over_budget, next_job) == "OperatorBudgetExceeded"
    assert market.turn(Claimant(hot), next_job) is not None
    for owner in (early, late):
        assert market.turn(Claimant(owner), next_job) is not None
    assert market.claim(Claimant(early), next_job) is None


def test_a_mirror_reads_the_same_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beacon is the hash of the lowest slot at or after the posting, in both readings."""
    market = Market()
    market.sandbox.stand()
    job = post_job(market.sandbox, market.buyer, market.graph)
    market.sandbox.warp(40)
    mirror = JobMirror(Gateway.of(NodeSettings()), [], 0.0)
    hashes = slot_hashes_of(market.sandbox.bank.account(SLOT_HASHES))
    monkeypatch.setattr(mirror, "_view", type("Seen", (), {"slot_hashes": hashes})())
    posted = market.sandbox.fetch(job_registry.Job, job.address).posted_slot
    assert mirror.beacons({job.address: posted}) == market.beacons()
