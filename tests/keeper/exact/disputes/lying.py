"""A provider that lies about one element, and who proves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.data import BlobStore, StageIndexes
from keeper.exact.decisions.state import JobState
from keeper.exact.disputes.staging import Stager
from keeper.exact.roles.cases import CaseShelf, CaseSource
from keeper.exact.roles.challenger import Challenger
from keeper.exact.roles.material import MaterialSource
from keeper.exact.roles.traces import TraceSource
from keeper.lab.localnet import TransactionRecord
from keeper.lab.localnet.deployment import localnet_keypair, localnet_mint
from kernels.graph import Graph, GraphBuilder
from kernels.graph.reference import NumpyExecutor
from kernels.trace.layout import Array
from tests.keeper.exact.roles.stage import Material, Stage

LAMPORTS = 10**10
QUOTA_BYTES = 1 << 28
SALT = bytes(range(32))
"""Of a watcher's ticket."""


@dataclass(frozen=True, slots=True)
class LyingExecutor:
    """Runs a graph honestly but for the first element of one output."""

    operator: int

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        outputs = NumpyExecutor().execute(graph, inputs)
        outputs[self.operator] = outputs[self.operator].copy()
        outputs[self.operator].reshape(-1)[0] ^= 1
        return outputs


def wide_product(inner: int = 4_096, size: int = 128) -> Material:
    """One matrix product."""
    rng = np.random.default_rng(5)
    build = GraphBuilder()
    left = build.input((size, inner))
    build.matmul(left, rng.integers(-128, 128, (size, inner), np.int8))
    return build.build(), [rng.integers(-128, 128, (1, 1, size, inner), np.int8)]


async def committed(stage: Stage, operator: int | None = None) -> None:
    """Play until the provider has committed, a lie about `operator` unless it is None."""
    executor = NumpyExecutor() if operator is None else LyingExecutor(operator)
    provider = stage.provider(executor=executor)
    await stage.play([provider], lambda: stage.view.job.state is JobState.COMMITTED)


@dataclass(frozen=True, slots=True)
class Watcher:
    """A stranger with lamports, and its challenger."""

    stage: Stage
    key: Keypair
    cases: CaseSource
    challenger: Challenger
    stager: Stager
    submitter: Submitter

    def sent(self, address: Pubkey | None = None) -> list[TransactionRecord]:
        """What landed of the watcher's, or of an address, oldest first."""
        return list(self.stage.bank.history(address or self.key.pubkey()))[::-1]


def watcher(stage: Stage, folder: Path, name: str = "watcher") -> Watcher:
    """A fresh one; while it waits, slots pass."""
    key = localnet_keypair(name)
    stage.bank.airdrop(key.pubkey(), LAMPORTS)
    localnet_mint().mint_to(stage.bank, key.pubkey(), 0)

    async def pass_a_slot(_: float) -> None:
        stage.bank.advance()

    services = stage.market.services
    submitter = services.submitter(key)
    stager = Stager(services.gateway, submitter, sleep=pass_a_slot)
    store = BlobStore(folder, QUOTA_BYTES)
    cases = CaseSource(
        lane=services.lane,
        material=MaterialSource(services.client, store, services.lane),
        traces=TraceSource(services.client, services.gateway),
        shelf=CaseShelf(folder, store, StageIndexes(folder)),
    )
    challenger = Challenger(stager, key.pubkey(), services.lane)
    return Watcher(stage, key, cases, challenger, stager, submitter)
