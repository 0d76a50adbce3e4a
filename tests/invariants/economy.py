"""The world that the steps act on, and the actors in it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Final

import numpy as np
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import TransferParams
from spl.token.instructions import transfer as spl_transfer

from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market import jobs as market
from keeper.lab.market import stakers
from keeper.lab.market.sandbox import Sent
from kernels.graph import Graph, GraphBuilder
from neurolov_client import TOKEN_PROGRAM, escrow, job_registry, staking
from tests.invariants.book import Book
from tests.invariants.ledger import JobLedger
from tests.invariants.view import View
from tests.kernels.evidence.committed import Committed
from tests.kernels.evidence.record import inputs_of
from tests.world import NLOV, Actor, World
from tests.world.world import Saved

SEATED: Final = 6
EVEN, ODD = (staking.snapshot_address(parity) for parity in (0, 1))
CRANKERS: Final = ("cranker 0", "cranker 1")
OPERATORS: Final = ("operator 0", "operator 1")
PROVIDERS: Final = tuple(f"provider {number}" for number in range(3))
STAKED: Final = 150 * NLOV
"""The stake of a verifier."""
PROVIDED: Final = 450 * NLOV
"""The stake of a provider: enough for a few leases at a time."""
COLLATERAL: Final = 100 * NLOV
"""The part of it that is bound to a seat: enough for two ballots at a time."""
BUDGET: Final = 190 * NLOV
"""What an operator may expose at first: one lease, and a second one if it is cheap."""
PARAMETERS: Final = replace(
    LOCALNET_PARAMETERS,
    verdict=replace(LOCALNET_PARAMETERS.verdict, ballot_exposure=40 * NLOV),
)
"""Localnet's, but for ballots so dear that a few jobs exhaust the verifiers."""


@cache
def two_layers() -> Graph:
    """Returns four operators: matmul, requantise, matmul, argmax."""
    random = np.random.default_rng(0)
    weights = [random.integers(-128, 128, shape).astype(np.int8) for shape in ((6, 8), (5, 6))]
    builder = GraphBuilder()
    hidden = builder.requantise(builder.matmul(builder.input((4, 8)), weights[0]), 2**30, 36)
    builder.argmax(builder.matmul(hidden, weights[1]))
    return builder.build()


@cache
def committed(lie: int | None, stages: tuple[tuple[int, int], ...]) -> Committed:
    """Returns the graph's trace; with `lie`, that operator's first element is wrong."""
    graph = two_layers()
    lies = {} if lie is None else {lie: {0}}
    return Committed(graph, inputs_of(graph), stages, lies)


@cache
def _populated() -> tuple[World, Saved]:
    """Returns the chain on which every economy starts, and its state at that time."""
    world = World(PARAMETERS)
    market.register_graph(world, world.actor("author"), two_layers())
    verifiers = [world.actor(f"verifier {seat}", tokens=STAKED) for seat in range(SEATED)]
    for seat, verifier in enumerate(verifiers):
        stakers.stake(world, verifier, STAKED)
        stakers.seat(world, verifier, seat, collateral=COLLATERAL)
    stakers.snapshot(world)
    providers = [world.actor(name) for name in PROVIDERS]
    ask = market.ask_for(NLOV, two_layers().multiply_adds)
    for provider in providers:
        market.register_provider(world, provider, staked=PROVIDED, ask=ask)
    stakers.seat(world, providers[0], SEATED, collateral=COLLATERAL)
    saver, buyer = world.actor("saver", tokens=50 * NLOV), world.actor("buyer")
    for owner, name in zip((providers[1], verifiers[0]), OPERATORS, strict=True):
        stakers.appoint(world, owner, world.actor(name), BUDGET)
    for name in (*CRANKERS, *OPERATORS):
        world.actor(name)
    for name, tokens in (("challenger", 0), ("thief", NLOV), ("funder", 1_000 * NLOV)):
        world.actor(name, tokens=tokens)
    for actor in (*verifiers, *providers, saver, buyer, verifiers[-1]):
        world.mint_to(actor, 50 * NLOV)
    for actor in (buyer, verifiers[-1]):
        world.mint_to(actor, 500 * NLOV)
    return world, world.save()


class Economy:
    """Verifiers on seats, providers, buyers, crankers and a thief, over one registered graph.

    A provider and a buyer hold seats too, so that draws must leave them out, or the programs must
    refuse them as judges of their own job.
    """

    def __init__(self) -> None:
        world, saved = _populated()
        world.restore(saved)
        self.world = world
        self.graph = two_layers()
        self.graph_address = job_registry.graph_address(
            world.actor("author").key, self.graph.spec_root
        )
        self.verifiers = [world.actor(f"verifier {seat}") for seat in range(SEATED)]
        self.providers = [world.actor(name) for name in PROVIDERS]
        self.ask = market.ask_for(NLOV, self.graph.multiply_adds)
        self.saver = world.actor("saver")
        self.buyers = [world.actor("buyer"), self.verifiers[-1]]
        self.crankers = [
            *(world.actor(name) for name in CRANKERS),
            self.providers[0],
            self.verifiers[0],
        ]
        self.operators = [world.actor(name) for name in OPERATORS]
        self.challenger = world.actor("challenger")
        self.thief = world.actor("thief")
        self.funder = world.actor("funder")
        self.stakers = [*self.verifiers, *self.providers, self.saver]
        known = (
            *self.stakers,
            *self.buyers,
            *self.crankers,
            *self.operators,
            self.challenger,
        )
        self.by_key = {actor.key: actor for actor in known}
        self.book = Book(world.token_accounts())
        self.ledgers: list[JobLedger] = []
        self.donated = Counter[Pubkey]()
        self.funded = 0
        self.rewarded = 0
        self.budgets = {owner.key: BUDGET for owner in (self.providers[1], self.verifiers[0])}
        self.reached = Counter[str]()
        self._view: View | None = None

    @property
    def view(self) -> View:
        """Returns what the chain holds now, read once after each change."""
        if self._view is None:
            self._view = View.of(self.world)
        return self._view

    def forget(self) -> None:
        """Makes the next look read the chain again."""
        self._view = None

    def attempt(
        self, refusal: str | None, *instructions: Instruction, signers: Iterable[Actor] = ()
    ) -> Sent | None:
        """Sends; where a refusal is predicted, asserts that error and that nothing has changed."""
        if refusal is not None:
            self.world.fails(refusal, *instructions, signers=signers)
            self.reached[refusal] += 1
            return None
        sent = self.world.send(*instructions, signers=signers)
        self.forget()
        return sent

    def operator_of(self, owner: Actor) -> Actor | None:
        """Returns the operator of an owner, or none."""
        return self.by_key.get(self.view.positions[owner.key].operator)

    def lose(self, exposure: staking.Exposure, amount: int) -> None:
        """Lowers the budget of an operator by what it lost, the bond included."""
        if exposure.by_operator:
            left = self.budgets.get(exposure.owner, 0) - amount
            self.budgets[exposure.owner] = max(0, left)

    def vault_of(self, ledger: JobLedger) -> Pubkey:
        """Returns the job's vault."""
        return escrow.vault_address(ledger.job.address)

    def donate(self, destination: Pubkey, amount: int) -> None:
        """Transfers tokens that no program asked for."""
        self.attempt(
            None,
            spl_transfer(
                TransferParams(
                    TOKEN_PROGRAM, self.funder.tokens, destination, self.funder.key, amount
                )
            ),
            signers=[self.funder],
        )
        self.book.move(self.funder.tokens, destination, amount)
        self.donated[destination] += amount

    def vaults(self) -> list[Pubkey]:
        """Returns every vault that anyone can send tokens to."""
        return [
            staking.stake_vault_address(),
            staking.reward_vault_address(),
            staking.emission_vault_address(),
            escrow.fees_address(0),
            *(self.vault_of(ledger) for ledger in self.ledgers if not ledger.escrow_closed),
        ]
