"""The world that the steps act on, and the actors in it."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Final

import numpy as np
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.instructions import TransferParams
from spl.token.instructions import transfer as spl_transfer

from idl.client import TOKEN_PROGRAM, escrow, staking
from keeper.lab.market import jobs as market
from keeper.lab.market import stakers
from keeper.lab.market.sandbox import Sent
from kernels.graph import Graph, GraphBuilder
from tests.invariants.book import Book
from tests.invariants.ledger import JobLedger
from tests.invariants.view import View
from tests.kernels.evidence.committed import Committed
from tests.kernels.evidence.record import inputs_of
from tests.world import NLOV, Actor, World

SEATED: Final = 6
EVEN, ODD = (staking.snapshot_address(parity) for parity in (0, 1))
STAKED: Final = 150 * NLOV
"""Enough for a seat, and for a few exposures at a time."""


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


class Economy:
    """Verifiers on seats, providers, buyers, crankers and a thief, over one registered graph.

    A provider and a buyer hold seats too, so that draws must leave them out, or the programs must
    refuse them as judges of their own job.
    """

    def __init__(self) -> None:
        self.world = world = World.fresh()
        self.graph = two_layers()
        self.graph_address = market.register_graph(world, world.actor("author"), self.graph)
        self.verifiers = stakers.committee(world, SEATED, staked=STAKED)
        self.providers = [world.actor(f"provider {number}") for number in range(3)]
        self.ask = market.ask_for(NLOV, self.graph.multiply_adds)
        for provider in self.providers:
            market.register_provider(world, provider, staked=STAKED, ask=self.ask)
        stakers.seat(world, self.providers[0], SEATED)
        self.saver = world.actor("saver", tokens=50 * NLOV)
        self.buyers = [world.actor("buyer"), self.verifiers[-1]]
        self.crankers = [
            *(world.actor(f"cranker {number}") for number in range(2)),
            self.providers[0],
            self.verifiers[0],
        ]
        self.challenger = world.actor("challenger")
        self.thief = world.actor("thief", tokens=NLOV)
        self.funder = world.actor("funder", tokens=1_000 * NLOV)
        self.stakers = [*self.verifiers, *self.providers, self.saver]
        for actor in (*self.stakers, *self.buyers):
            world.mint_to(actor, 50 * NLOV)
        known = (*self.stakers, *self.buyers, *self.crankers, self.challenger)
        self.by_key = {actor.key: actor for actor in known}
        self.book = Book(world.token_accounts())
        self.ledgers: list[JobLedger] = []
        self.donated = Counter[Pubkey]()
        self.funded = 0
        self.rewarded = 0
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
