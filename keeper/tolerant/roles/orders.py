"""Posts tasks for a buyer."""

from collections.abc import Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from idl.client import associated_token_address, escrow, find_bump, redundancy
from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.data import BlobStore, InputManifest
from keeper.errors import BadInputError
from keeper.exact.roles.conversion import url_field
from keeper.node.errors import RoleError
from kernels.custom import KernelPackage

CRANK_STEPS = 8
MAX_RUNS = 7


class QuorumError(BadInputError):
    """k, n and max_runs do not fit each other."""


@dataclass(frozen=True, slots=True)
class TaskTerms:
    """What a buyer offers: price of each paid run and tip of each crank step, in base units.

    k of n runs have to agree; while they do not, more are run, up to max_runs. QuorumError unless
    2 <= k <= n <= max_runs <= 7 and k is more than half of n.
    """

    price: int
    tip: int
    k: int = 2
    n: int = 3
    max_runs: int = 5

    def __post_init__(self) -> None:
        if not 2 <= self.k <= self.n <= self.max_runs <= MAX_RUNS or 2 * self.k <= self.n:
            raise QuorumError(
                f"k {self.k}, n {self.n}, at most {self.max_runs} runs: choose k of at least 2 and "
                f"more than half of n, n of at least k, and n to {MAX_RUNS} runs at most"
            )

    @property
    def locked(self) -> escrow.Terms:
        """What the escrow has to hold."""
        return escrow.Terms(
            price=self.price * self.max_runs,
            verification=0,
            tips=self.tip * CRANK_STEPS,
            urgency=0,
        )


class TaskDesk:
    """One buyer's way to the chain."""

    def __init__(
        self, gateway: Gateway, submitter: Submitter, owner: Pubkey, store: BlobStore
    ) -> None:
        self._gateway = gateway
        self._submitter = submitter
        self._owner = owner
        self._store = store

    def store_material(self, package: KernelPackage, inputs: Sequence[bytes]) -> InputManifest:
        """Put package and inputs where providers fetch them; PackageError unless they fit."""
        package.check_inputs(inputs)
        self._store.put(package.canonical)
        manifest = InputManifest(tuple(self._store.put(data) for data in inputs))
        self._store.put(manifest.to_bytes())
        return manifest

    async def post(
        self, package: KernelPackage, manifest: InputManifest, terms: TaskTerms, source: str
    ) -> Pubkey:
        """Lock the payment and post the task in one transaction; the task's address.

        source is the URL at which the buyer's store is served.
        """
        config = await self._gateway.fetch(escrow.Config, escrow.config_address())
        if config is None:
            raise RoleError("the cluster has no escrow program set up")
        task_id = await self._next_task_id()
        task = redundancy.task_address(self._owner, task_id)
        seeds = (b"task", bytes(self._owner), task_id.to_bytes(8, "little"))
        lock = escrow.lock(
            job_id=task_id,
            job_bump=find_bump(seeds, redundancy.ID),
            terms=terms.locked,
            buyer=self._owner,
            mint=config.mint,
            job=task,
            source=associated_token_address(self._owner, config.mint),
        )
        absolute, relative, ulp = package.tolerance.bits
        posting = redundancy.post_task(
            task_id=task_id,
            terms=redundancy.TaskTerms(
                kernel=package.digest,
                input=bytes.fromhex(manifest.digest),
                source=url_field(source),
                output_bytes=package.output.bytes,
                element=int(package.output.element),
                tolerance=redundancy.Tolerance(absolute=absolute, relative=relative, ulp=ulp),
                k=terms.k,
                n=terms.n,
                max_runs=terms.max_runs,
                price=terms.price,
                tip=terms.tip,
            ),
            owner=self._owner,
        )
        await self._submitter.submit(f"post_task/{task}", [lock, posting], again=True)
        return task

    async def _next_task_id(self) -> int:
        address = redundancy.buyer_address(self._owner)
        account = await self._gateway.fetch(redundancy.Buyer, address)
        if account is None:
            opening = redundancy.open_buyer(owner=self._owner)
            operation = f"open_task_buyer/{self._owner}"
            await self._submitter.submit(operation, [opening], again=True)
            return 0
        return account.next_task_id
