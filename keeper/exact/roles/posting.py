"""Posts jobs for a buyer."""

import hashlib
import secrets
from collections.abc import Sequence
from itertools import chain

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.data import BlobStore, JobManifest, NamedOutput, ReservationKind, digest_of
from keeper.exact.decisions.offer import JobOffer
from keeper.node.accounts import url_field
from keeper.node.buying.posting import Naming, default_name, numbered, post
from keeper.node.buying.workloads import store_workload
from keeper.node.errors import RoleError
from keeper.node.vault import Salts
from kernels.graph import Graph
from kernels.graph.file import dump
from kernels.trace import inputs_root, pack, tensor_root
from kernels.trace.layout import Array
from neurolov_client import buying, job_registry, staking
from neurolov_client.bindings.job_registry import GraphState

TRAP_BYTES = 32


def manifest_of(
    graph: Graph, inputs: Sequence[Array], outputs: Sequence[NamedOutput] = ()
) -> JobManifest:
    """Returns what lists a workload: the digests of the graph and of each input, and the outputs.

    Raises MalformedDocumentError where an output is of no operator, or where two are of one.
    """
    digests = tuple(digest_of(pack(array).tobytes()) for array in inputs)
    manifest = JobManifest(digest_of(dump(graph)), digests, tuple(outputs))
    manifest.require_operators(len(graph.descriptors))
    return manifest


class JobPoster:
    """Posts jobs under one buyer's key; their data are in its store."""

    def __init__(
        self,
        gateway: Gateway,
        submitter: Submitter,
        owner: Pubkey,
        store: BlobStore,
        salts: Salts,
    ) -> None:
        self._gateway = gateway
        self._submitter = submitter
        self._owner = owner
        self._store = store
        self._salts = salts

    def store_workload(
        self, graph: Graph, inputs: Sequence[Array], outputs: Sequence[NamedOutput] = ()
    ) -> JobManifest:
        """Put graph and inputs where providers and verifiers fetch them; returns what lists them.

        They stay until the last job that is posted with them is closed, and for a day where none
        is. Raises QuotaExceededError and StorageError.
        """
        manifest = manifest_of(graph, inputs, outputs)
        tensors = (pack(array).tobytes() for array in inputs)
        blobs = chain((dump(graph), manifest.to_bytes()), tensors)
        store_workload(
            self._store.reservation(ReservationKind.JOB_WORKLOADS, manifest.digest), blobs
        )
        return manifest

    async def post(
        self,
        graph: Pubkey,
        manifest: JobManifest,
        inputs: Sequence[Array],
        offer: JobOffer,
        source: str,
        *,
        named: Naming = default_name,
    ) -> Pubkey:
        """Lock the payment and post the job in one transaction; returns the job's address.

        `source` is the URL at which the buyer's store is served. `named` is told the address
        before anything is signed, and returns the journal's name of the posting. Where another
        process of the same key takes the number first, the next number is tried. Raises RoleError
        where the graph is not registered, and ChainError.
        """
        sealed = await self._gateway.fetch(job_registry.Graph, graph)
        if sealed is None or sealed.state != GraphState.SEALED:
            raise RoleError(f"graph {graph} is not registered; run: neurolov graph register")

        async def posted(number: int) -> Pubkey:
            return await self._post(number, graph, manifest, inputs, offer, source, named)

        return await numbered(self._next_number, posted)

    async def _post(  # noqa: PLR0917
        self,
        number: int,
        graph: Pubkey,
        manifest: JobManifest,
        inputs: Sequence[Array],
        offer: JobOffer,
        source: str,
        named: Naming,
    ) -> Pubkey:
        job = job_registry.job_address(self._owner, number)
        operation = named("post_job", job)
        salt, trap = self._salts.draw(job), secrets.token_bytes(TRAP_BYTES)
        position = staking.position_address(self._owner)
        staked = await self._gateway.account(position) is not None

        described = job_registry.JobOffer(
            input_root=inputs_root([tensor_root(array) for array in inputs]),
            manifest=bytes.fromhex(manifest.digest),
            source=url_field(source),
            salt_commitment=hashlib.sha256(salt).digest(),
            trap=trap,
            verifiers=offer.verifiers,
            price=offer.price,
            verification_fee=offer.verification_fee,
            tip=offer.tip,
            urgency=offer.urgency,
        )

        def posting(mint: Pubkey, terms: staking.Terms) -> Sequence[Instruction]:
            return buying.posting(
                self._owner,
                number,
                described,
                graph=graph,
                terms=terms,
                mint=mint,
                position=position if staked else None,
            )

        await post(self._gateway, self._submitter, operation, posting)
        return job

    async def _next_number(self) -> int:
        address = job_registry.buyer_address(self._owner)
        account = await self._gateway.fetch(job_registry.Buyer, address)
        if account is None:
            opening = job_registry.open_buyer(owner=self._owner)
            await self._submitter.submit(f"open_buyer/{self._owner}", [opening], again=True)
            return 0
        return account.next_job_id
