"""Registers graphs and posts jobs for a buyer."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from solders.pubkey import Pubkey

from idl.client import associated_token_address, escrow, job_registry, shard_of, staking
from idl.client.addresses import find_bump
from keeper.chain.gateway import Gateway
from keeper.chain.submit import Submitter
from keeper.data import BlobStore, JobManifest
from keeper.data.files import replace_atomically
from keeper.exact.roles.conversion import url_field
from keeper.node.errors import RoleError
from kernels.graph import Graph
from kernels.graph.file import dump
from kernels.trace import inputs_root, pack, tensor_root
from kernels.trace.layout import Array

SECRET_BYTES = 32
OPERATORS_A_TRANSACTION = 3
BALLOTS_A_VERIFIER = 3
CRANK_STEPS = 8
SEALED = 1


@dataclass(frozen=True, slots=True)
class JobTerms:
    """What a buyer offers, in base units; verifiers is the number drawn, odd and at most 5."""

    price: int
    verification_fee: int
    tip: int
    urgency: int = 0
    verifiers: int = 3

    @property
    def verification(self) -> int:
        """Locked for ballots: every verifier of every draw."""
        return self.verification_fee * BALLOTS_A_VERIFIER * self.verifiers

    @property
    def tips(self) -> int:
        """Locked for crank steps."""
        return self.tip * CRANK_STEPS


class SaltBook:
    """The salts of posted jobs, on disk before the job is."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, job: Pubkey) -> bytes:
        """The salt of a job, drawn on first use."""
        if (known := self.get(job)) is not None:
            return known
        salt = secrets.token_bytes(SECRET_BYTES)
        with replace_atomically(self._path(job)) as file:
            file.write(json.dumps({"salt": salt.hex()}).encode())
        return salt

    def get(self, job: Pubkey) -> bytes | None:
        """The salt of a job, None when this node did not post it."""
        try:
            return bytes.fromhex(json.loads(self._path(job).read_bytes())["salt"])
        except FileNotFoundError:
            return None

    def _path(self, job: Pubkey) -> Path:
        return self._root / f"{job}.json"


class OrderDesk:
    """One buyer's way to the chain. source is the URL at which its store is served."""

    def __init__(
        self,
        gateway: Gateway,
        submitter: Submitter,
        owner: Pubkey,
        store: BlobStore,
        salts: SaltBook,
    ) -> None:
        self._gateway = gateway
        self._submitter = submitter
        self._owner = owner
        self._store = store
        self._salts = salts

    async def register_graph(self, graph: Graph) -> Pubkey:
        """Address of the sealed graph; goes on where an earlier try stopped."""
        root = graph.spec_root
        address = job_registry.graph_address(self._owner, root)
        account = await self._gateway.fetch(job_registry.Graph, address)
        appended = 0
        if account is None:
            opening = job_registry.open_graph(
                spec_root=root, operators=len(graph.descriptors), author=self._owner
            )
            await self._submitter.submit(f"open_graph/{address}", [opening], again=True)
        else:
            appended = account.appended
        descriptors = graph.encoded()
        for first in range(appended, len(descriptors), OPERATORS_A_TRANSACTION):
            data = b"".join(descriptors[first : first + OPERATORS_A_TRANSACTION])
            appending = job_registry.append_operators(data=data, author=self._owner, graph=address)
            operation = f"append_operators/{address}/{first}"
            await self._submitter.submit(operation, [appending], again=True)
        return address

    def store_material(self, graph: Graph, inputs: Sequence[Array]) -> JobManifest:
        """Put graph and inputs where providers and verifiers fetch them."""
        manifest = JobManifest(
            self._store.put(dump(graph)),
            tuple(self._store.put(pack(array).tobytes()) for array in inputs),
        )
        self._store.put(manifest.to_bytes())
        return manifest

    async def post(
        self,
        graph: Pubkey,
        manifest: JobManifest,
        inputs: Sequence[Array],
        terms: JobTerms,
        source: str,
    ) -> Pubkey:
        """Lock the payment and post the job in one transaction; the job's address."""
        sealed = await self._gateway.fetch(job_registry.Graph, graph)
        if sealed is None or sealed.state != SEALED:
            raise RoleError(f"graph {graph} is not registered; run: neurolov graph register")
        job_id = await self._next_job_id()
        job = job_registry.job_address(self._owner, job_id)
        salt = self._salts.keep(job)
        config = await self._gateway.fetch(escrow.Config, escrow.config_address())
        if config is None:
            raise RoleError("the cluster has no escrow program set up")
        burned = terms.urgency * config.params.urgency_burn_bps // 10_000
        position = staking.position_address(self._owner)
        staked = await self._gateway.account(position) is not None
        lock = escrow.lock(
            job_id=job_id,
            job_bump=find_bump(
                (b"job", bytes(self._owner), job_id.to_bytes(8, "little")), job_registry.ID
            ),
            terms=escrow.Terms(
                price=terms.price,
                verification=terms.verification,
                tips=terms.tips,
                urgency=terms.urgency,
            ),
            buyer=self._owner,
            mint=config.mint,
            job=job,
            source=associated_token_address(self._owner, config.mint),
        )
        posting = job_registry.post_job(
            job_id=job_id,
            terms=job_registry.JobTerms(
                input_root=inputs_root([tensor_root(array) for array in inputs]),
                manifest=bytes.fromhex(manifest.digest),
                source=url_field(source),
                salt_commitment=hashlib.sha256(salt).digest(),
                trap=secrets.token_bytes(SECRET_BYTES),
                verifiers=terms.verifiers,
                price=terms.price,
                verification_fee=terms.verification_fee,
                tip=terms.tip,
                urgency=terms.urgency - burned,
            ),
            owner=self._owner,
            graph=graph,
            utilisation=job_registry.utilisation_address(shard_of(job)),
            position=position if staked else None,
        )
        await self._submitter.submit(f"post_job/{job}", [lock, posting], again=True)
        return job

    async def _next_job_id(self) -> int:
        address = job_registry.buyer_address(self._owner)
        account = await self._gateway.fetch(job_registry.Buyer, address)
        if account is None:
            opening = job_registry.open_buyer(owner=self._owner)
            await self._submitter.submit(f"open_buyer/{self._owner}", [opening], again=True)
            return 0
        return account.next_job_id
