"""Posts tasks for a buyer."""

from collections.abc import Sequence

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.data import BlobStore, InputManifest, ReservationKind, digest_of
from keeper.node.accounts import url_field
from keeper.node.buying.posting import Naming, default_name, numbered, post
from keeper.node.buying.workloads import store_workload
from keeper.tolerant.decisions.offer import TaskOffer
from kernels.custom import KernelPackage
from neurolov_client import associated_token_address, escrow, find_bump, redundancy, staking


def workload_name(kernel: bytes, manifest: bytes) -> str:
    """Returns the name of a workload's reservation, by the digests of its kernel and its inputs."""
    return digest_of(kernel + manifest)


def manifest_of(inputs: Sequence[bytes]) -> InputManifest:
    """Returns what lists a task's inputs by their digests."""
    return InputManifest(tuple(map(digest_of, inputs)))


class TaskPoster:
    """Posts tasks under one buyer's key; their data are in its store."""

    def __init__(
        self, gateway: Gateway, submitter: Submitter, owner: Pubkey, store: BlobStore
    ) -> None:
        self._gateway = gateway
        self._submitter = submitter
        self._owner = owner
        self._store = store

    def store_workload(self, package: KernelPackage, inputs: Sequence[bytes]) -> InputManifest:
        """Put package and inputs where providers fetch them; returns what lists the inputs.

        They stay until the last task that is posted with them is closed, and for a day where none
        is. Raises PackageError where the inputs are not the package's, QuotaExceededError and
        StorageError.
        """
        package.check_inputs(inputs)
        manifest = manifest_of(inputs)
        name = workload_name(package.digest, bytes.fromhex(manifest.digest))
        reservation = self._store.reservation(ReservationKind.TASK_WORKLOADS, name)
        store_workload(reservation, (package.canonical, manifest.to_bytes(), *inputs))
        return manifest

    async def post(
        self,
        package: KernelPackage,
        manifest: InputManifest,
        offer: TaskOffer,
        source: str,
        *,
        named: Naming = default_name,
    ) -> Pubkey:
        """Lock the payment and post the task in one transaction; returns the task's address.

        `source` is the URL at which the buyer's store is served. `named` is told the address
        before anything is signed, and returns the journal's name of the posting. Where another
        process of the same key takes the number first, the next number is tried. Raises RoleError
        and ChainError.
        """

        async def posted(number: int) -> Pubkey:
            return await self._post(number, package, manifest, offer, source, named)

        return await numbered(self._next_number, posted)

    async def _post(  # noqa: PLR0917
        self,
        number: int,
        package: KernelPackage,
        manifest: InputManifest,
        offer: TaskOffer,
        source: str,
        named: Naming,
    ) -> Pubkey:
        task = redundancy.task_address(self._owner, number)
        operation = named("post_task", task)
        absolute, relative, ulp = package.tolerance.bits
        described = redundancy.TaskOffer(
            kernel=package.digest,
            input=bytes.fromhex(manifest.digest),
            source=url_field(source),
            output_bytes=package.output_bytes,
            element=int(package.element),
            tolerance=redundancy.Tolerance(absolute=absolute, relative=relative, ulp=ulp),
            n=offer.n,
            max_runs=offer.max_runs,
            price=offer.price,
            tip=offer.tip,
        )

        def posting(mint: Pubkey, terms: staking.Terms) -> Sequence[Instruction]:
            address = staking.terms_address(terms.version)
            seeds = (b"task", bytes(self._owner), number.to_bytes(8, "little"))
            locking = escrow.lock(
                job_id=number,
                job_bump=find_bump(seeds, redundancy.ID),
                deposit=offer.locked,
                terms=address,
                buyer=self._owner,
                mint=mint,
                job=task,
                source=associated_token_address(self._owner, mint),
            )
            registering = redundancy.post_task(
                task_id=number, offer=described, owner=self._owner, terms=address
            )
            return [locking, registering]

        await post(self._gateway, self._submitter, operation, posting)
        return task

    async def _next_number(self) -> int:
        address = redundancy.buyer_address(self._owner)
        account = await self._gateway.fetch(redundancy.Buyer, address)
        if account is None:
            opening = redundancy.open_buyer(owner=self._owner)
            operation = f"open_task_buyer/{self._owner}"
            await self._submitter.submit(operation, [opening], again=True)
            return 0
        return account.next_task_id
