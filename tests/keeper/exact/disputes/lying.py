"""A provider that lies about one element, and who proves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.chain.submit import Submitter
from keeper.data import BlobStore, StageIndexes
from keeper.exact.decisions.codes import JobState
from keeper.exact.disputes.upload import EvidenceUploader
from keeper.exact.roles.archive import TraceArchive, TraceLoader
from keeper.exact.roles.challenger import Challenger
from keeper.exact.roles.traces import TraceFetcher
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet import TransactionRecord
from keeper.lab.localnet.deployment import localnet_mint
from kernels.graph import Graph, GraphBuilder
from kernels.graph.reference import NumpyExecutor
from kernels.trace.layout import Array
from tests.keeper.exact.roles.rig import Material, Rig

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


async def committed(rig: Rig, operator: int | None = None) -> None:
    """Play until the provider has committed, a lie about `operator` unless it is None."""
    executor = NumpyExecutor() if operator is None else LyingExecutor(operator)
    provider = rig.provider(executor=executor)
    await rig.play([provider], lambda: rig.view.job.state is JobState.COMMITTED)


@dataclass(frozen=True, slots=True)
class Watcher:
    """A stranger with lamports, and its challenger."""

    rig: Rig
    key: Keypair
    traces: TraceLoader
    challenger: Challenger
    uploader: EvidenceUploader
    submitter: Submitter

    def sent(self, address: Pubkey | None = None) -> list[TransactionRecord]:
        """What landed of the watcher's, or of an address, oldest first."""
        return list(self.rig.bank.history(address or self.key.pubkey()))[::-1]


def watcher(rig: Rig, folder: Path, name: str = "watcher", owner: Pubkey | None = None) -> Watcher:
    """A fresh one, by default for itself; while it waits, slots pass."""
    key = localnet_keypair(name)
    rig.bank.airdrop(key.pubkey(), LAMPORTS)
    localnet_mint().mint_to(rig.bank, key.pubkey(), 0)

    async def pass_a_slot(_: float) -> None:
        rig.bank.advance()

    services = rig.market.services
    submitter = services.submitter(key)
    uploader = EvidenceUploader(services.gateway, submitter, sleep=pass_a_slot)
    store = BlobStore(folder, QUOTA_BYTES)
    loader = TraceLoader(
        lane=services.lane,
        workloads=WorkloadFetcher(services.client, store, services.lane),
        traces=TraceFetcher(services.client, services.gateway),
        archive=TraceArchive(folder, store, StageIndexes(folder)),
    )
    signer = key.pubkey()
    challenger = Challenger(uploader, signer, owner or signer, services.lane)
    return Watcher(rig, key, loader, challenger, uploader, submitter)
