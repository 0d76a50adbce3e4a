"""A ticking marketplace beside the test, for buyers that are real processes."""

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from threading import Event

import numpy as np
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.compute import ComputeLane
from keeper.configuration import create_keypair, load_keypair
from keeper.exact.decisions.state import JobSnapshot
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_mint
from keeper.lab.market.marketplace import PROVIDERS, Marketplace, open_marketplace
from keeper.lab.market.venue import LocalnetVenue
from keeper.node.accounts import tokens_of
from keeper.node.supervision import background
from kernels.graph import Graph
from kernels.graph.file import write
from kernels.graph.reference import NumpyExecutor, execute
from kernels.trace.layout import Array
from neurolov_client import associated_token_address
from tests.keeper.cli.cluster import Served
from tests.keeper.exact.roles.rig import small_graph

TOKENS = 1_000
SLOT_MS = 200
"""Short enough to wait for, and long enough that no lease ends while processes start."""


class GatedExecutor:
    """NumPy, once the test lets it."""

    def __init__(self) -> None:
        self.gate = Event()
        self.gate.set()

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Returns the outputs."""
        assert self.gate.wait(60)
        return NumpyExecutor().execute(graph, inputs)


class JobMarket(Served):
    """A provider, five verifiers and a crank. The provider executes while the gate is open."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._net = Localnet(
            programs=built_programs(), mint=localnet_mint(), port=0, slot_ms=SLOT_MS
        )
        self._executor = GatedExecutor()
        self.market: Marketplace

    @property
    def net(self) -> Localnet:
        return self._net

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with (
            self._net,
            open_marketplace(
                LocalnetVenue(self._net), self._folder, 10**9, PROVIDERS[:1]
            ) as market,
        ):
            self.market = market
            with ComputeLane() as lane:
                provider = market.provider(PROVIDERS[0], self._executor, lane)
                roles = [market.crank(), provider, *market.verifiers()]
                loops = [market.mirror.run(), *(role.run() for role in roles)]
                async with background(*loops):
                    yield

    @contextmanager
    def claiming_only(self) -> Iterator[None]:
        """The provider claims during the block, and executes after it."""
        self._executor.gate.clear()
        try:
            yield
        finally:
            self._executor.gate.set()

    def wait(self, holds: Callable[[JobSnapshot | None], bool], job: Pubkey) -> None:
        """Returns once something holds of a job as the marketplace sees it."""

        async def watch() -> None:
            mirror = self.market.mirror
            while not holds(mirror.view.jobs.get(job)):
                await mirror.next_view()

        asyncio.run_coroutine_threadsafe(watch(), self._loop).result(120)

    def lose_outputs(self) -> None:
        """The provider's disk loses every blob."""
        shutil.rmtree(self.market.storages[PROVIDERS[0]].folder / "blobs")

    def tokens(self, owner: Pubkey) -> int:
        """Returns the base units that a key holds."""
        address = associated_token_address(owner, self.market.parties.mint)
        return tokens_of(self.there(lambda: self.net.bank.account(address)))

    def lamports(self, owner: Pubkey) -> int:
        """Returns the lamports of a key."""
        account = self.there(lambda: self.net.bank.account(owner))
        assert account is not None
        return account.lamports

    def transactions(self, owner: Pubkey) -> int:
        """Returns how many transactions name a key."""
        return len(self.there(lambda: self.net.bank.history(owner)))


@dataclass(slots=True)
class JobBuyer:
    """A buyer's key, folder and order, and the options that name them."""

    market: JobMarket
    root: Path
    tokens: int = TOKENS
    key: Path = field(init=False)
    owner: Pubkey = field(init=False)
    expected: Array = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.root / "id.json"
        create_keypair(self.key)
        self.owner = load_keypair(self.key).pubkey()
        if self.tokens:
            self.market.fund(self.owner, self.tokens * NLOV)
        graph, inputs = small_graph()
        write(graph, self.root / "graph")
        np.save(self.root / "x.npy", inputs[0])
        self.expected = execute(graph, inputs)[-1]

    @property
    def chain(self) -> list[str]:
        reached = ["--url", self.market.net.url, "--allow-private"]
        return [*reached, "--folder", str(self.root / "node"), "--keypair", str(self.key)]

    @property
    def order(self) -> list[str]:
        named = ["--graph", str(self.root / "graph"), "--input", str(self.root / "x.npy")]
        return [
            "job",
            "submit",
            *named,
            "--price",
            "20",
            "--yes",
            "--port",
            "0",
            "--verifiers",
            "1",
        ]


def unfolded(told: str) -> str:
    """Returns lines of progress that were folded to the terminal's width in one line each."""
    return re.sub(r"\n +", " ", told)


class Process:
    """`neurolov ARGUMENTS` as a process whose progress the test reads."""

    def __init__(self, *arguments: object, stdin: int = DEVNULL) -> None:
        command = [sys.executable, "-m", "keeper", *map(str, arguments)]
        self.process = Popen(command, stdin=stdin, stdout=PIPE, stderr=PIPE, text=True)
        self.told: list[str] = []

    def until(self, words: str) -> str:
        """Returns the first line of progress that has the words."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.told.append(line)
            if words in line:
                return line
        raise AssertionError(f"{words!r} was never told: {self.told}")

    def signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def ended(self) -> tuple[int, str, str]:
        """Returns status, standard output, and all that was told, once the process has ended.

        What was folded to the terminal's width is in one line again.
        """
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, unfolded("".join(self.told) + err)
