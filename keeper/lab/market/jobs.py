"""Flows of the escrow and the job registry: graphs, providers, jobs and claims."""

import hashlib
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.lab.market.actor import Actor
from keeper.lab.market.sandbox import Sandbox, Sent
from keeper.lab.market.stakers import stake
from kernels.graph import Graph, GraphBuilder
from neurolov_client import (
    buying,
    escrow,
    find_bump,
    job_registry,
    staking,
)
from neurolov_client.bindings.job_registry import ASK_MACS


@cache
def small_graph() -> Graph:
    """Returns a graph of four operators: matmul, requantise, relu, argmax over 4 x 8 int8."""
    random = np.random.default_rng(0)
    builder = GraphBuilder()
    product = builder.matmul(
        builder.input((4, 8)), random.integers(-128, 128, (6, 8)).astype(np.int8)
    )
    builder.argmax(builder.relu(builder.requantise(product, 2**30, 36)))
    return builder.build()


def ask_for(price: int, macs: int) -> int:
    """Returns the ask at which `macs` multiply-adds cost at most `price` in a calm market."""
    return price * ASK_MACS // macs


def register_graph(sandbox: Sandbox, author: Actor, graph: Graph | None = None) -> Pubkey:
    """Opens the graph, appends every operator and returns its address."""
    graph = graph or small_graph()
    for step in buying.registration(author.key, graph.spec_root, graph.encoded()):
        sandbox.send(step, signers=[author])
    return job_registry.graph_address(author.key, graph.spec_root)


def capability(**changes: object) -> job_registry.Capability:
    """Returns the capability of a provider that takes the small graph for 1 $NLOV."""
    values: dict[str, object] = {
        "ask": ask_for(NLOV, small_graph().multiply_adds),
        "memory_bytes": 2**33,
        "declared_rate": 10**6,
        "max_macs": 2**40,
        "endpoint": padded(b"http://127.0.0.1:7000"),
    }
    return job_registry.Capability(**{**values, **changes})  # type: ignore[arg-type]


def register_provider(
    sandbox: Sandbox, owner: Actor, *, staked: int = 1_000 * NLOV, **changes: object
) -> Sent:
    """Mints and stakes, registers, and waits until the stake counts and the provider may claim."""
    sandbox.mint_to(owner, staked)
    stake(sandbox, owner, staked)
    sent = sandbox.send(
        job_registry.register_provider(capability=capability(**changes), owner=owner.key),
        signers=[owner],
    )
    sandbox.stand()
    return sent


@dataclass(frozen=True, slots=True)
class PostedJob:
    """A job and the data that its buyer keeps."""

    address: Pubkey
    id: int
    buyer: Actor
    graph: Pubkey
    salt: bytes
    offer: job_registry.JobOffer

    @property
    def escrow(self) -> Pubkey:
        return escrow.escrow_address(self.address)

    @property
    def vault(self) -> Pubkey:
        return escrow.vault_address(self.address)


def open_buyer(sandbox: Sandbox, owner: Actor) -> None:
    """Opens the buyer's counter of jobs where there is none."""
    if not sandbox.exists(job_registry.buyer_address(owner.key)):
        sandbox.send(job_registry.open_buyer(owner=owner.key), signers=[owner])


def offer_of(job_id: int, urgency: int = 0, **changes: object) -> job_registry.JobOffer:
    """Returns the offer of a cheap job with three verifiers; `urgency` excludes its burned part."""
    values: dict[str, object] = {
        "input_root": hashlib.sha256(b"input").digest(),
        "manifest": hashlib.sha256(b"manifest").digest(),
        "source": padded(b"http://127.0.0.1:7001"),
        "salt_commitment": hashlib.sha256(salt_of(job_id)).digest(),
        "trap": hashlib.sha256(b"trap").digest(),
        "verifiers": 3,
        "price": 4 * NLOV,
        "verification_fee": NLOV // 5,
        "tip": NLOV // 100,
        "urgency": urgency,
    }
    return job_registry.JobOffer(**{**values, **changes})  # type: ignore[arg-type]


def lock(
    sandbox: Sandbox,
    buyer: Actor,
    job_id: int,
    offer: job_registry.JobOffer,
    *,
    paid_urgency: int = 0,
) -> Instruction:
    """Locks all that the offer promise to pay; `paid_urgency` is the premium before burning."""
    address = job_registry.job_address(buyer.key, job_id)
    seeds = (b"job", bytes(buyer.key), job_id.to_bytes(8, "little"))
    return escrow.lock(
        job_id=job_id,
        job_bump=find_bump(seeds, job_registry.ID),
        deposit=replace(buying.locked(offer), urgency=paid_urgency),
        buyer=buyer.key,
        terms=sandbox.terms,
        mint=sandbox.mint,
        job=address,
        source=buyer.tokens,
    )


def next_job_id(sandbox: Sandbox, buyer: Actor) -> int:
    """Returns the number of the buyer's next job."""
    return sandbox.fetch(job_registry.Buyer, job_registry.buyer_address(buyer.key)).next_job_id


def post_job(
    sandbox: Sandbox, buyer: Actor, graph: Pubkey, *, paid_urgency: int = 0, **changes: object
) -> PostedJob:
    """Locks the payment and posts, in one transaction. The buyer must have the tokens."""
    open_buyer(sandbox, buyer)
    job_id = next_job_id(sandbox, buyer)
    address = job_registry.job_address(buyer.key, job_id)
    burned = buying.premium_burned(paid_urgency, sandbox.parameters.escrow)
    offer = offer_of(job_id, urgency=paid_urgency - burned, **changes)
    sandbox.send(
        lock(sandbox, buyer, job_id, offer, paid_urgency=paid_urgency),
        job_registry.post_job(
            job_id=job_id,
            offer=offer,
            owner=buyer.key,
            terms=sandbox.terms,
            graph=graph,
        ),
        signers=[buyer],
    )
    return PostedJob(address, job_id, buyer, graph, salt_of(job_id), offer)


def claim(sandbox: Sandbox, owner: Actor, job: PostedJob, operator: Actor | None = None) -> Sent:
    """Claims once every provider's turn has come."""
    posted = sandbox.fetch(job_registry.Job, job.address).posted_slot
    turn = posted + 1 + sandbox.parameters.job_registry.claim_max_delay_slots
    if sandbox.slot < turn:
        sandbox.warp_to(turn)
    return sandbox.send(claiming(sandbox, owner, job, operator), signers=[operator or owner])


def claiming(
    sandbox: Sandbox, owner: Actor, job: PostedJob, operator: Actor | None = None
) -> Instruction:
    """Returns the claim of a provider, signed by its operator where there is one."""
    return job_registry.claim(
        signer=(operator or owner).key,
        terms=terms_of(sandbox, job),
        provider=job_registry.provider_address(owner.key),
        job=job.address,
        position=staking.position_address(owner.key),
        exposure=staking.exposure_address(job.address, owner.key),
    )


def terms_of(sandbox: Sandbox, job: PostedJob) -> Pubkey:
    """Returns the address of the terms that the job keeps."""
    return staking.terms_address(sandbox.fetch(job_registry.Job, job.address).terms)


def lease(sandbox: Sandbox, job: PostedJob) -> job_registry.Lease:
    """Returns the job's lease."""
    return sandbox.fetch(job_registry.Job, job.address).lease


def exposure(sandbox: Sandbox, job: PostedJob, owner: Actor) -> staking.Exposure:
    """Returns the stake that the owner has at risk in the job."""
    return sandbox.fetch(staking.Exposure, staking.exposure_address(job.address, owner.key))


def salt_of(job_id: int) -> bytes:
    """Returns the buyer's secret of a job."""
    return hashlib.sha256(b"salt" + job_id.to_bytes(8, "little")).digest()


def padded(url: bytes) -> bytes:
    """Returns a URL as accounts store it: 96 bytes, padded with zeros."""
    return url.ljust(96, b"\0")
