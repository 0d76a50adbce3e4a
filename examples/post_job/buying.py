"""The instructions of a buyer, from the graph to the change that it takes back."""

import secrets
from hashlib import sha256

from solders.pubkey import Pubkey

from examples.post_job.client import Client
from examples.post_job.order import Order
from neurolov_client import (
    DESCRIPTORS_PER_TRANSACTION,
    associated_token_address,
    escrow,
    find_bump,
    job_registry,
    staking,
    verdict,
)

NLOV = 10**9
"""Base units of one $NLOV."""
PRICE = 1 * NLOV
VERIFICATION_FEE = NLOV // 5
"""Per drawn ballot; at least the floor in the market's terms."""
TIP = NLOV // 100


async def register_graph(client: Client, order: Order) -> Pubkey:
    """Registers the order's graph unless it is there; returns its address."""
    address = job_registry.graph_address(client.owner, order.spec_root)
    known = await client.data(address)
    if known is None:
        opening = job_registry.open_graph(
            spec_root=order.spec_root, operators=len(order.descriptors), author=client.owner
        )
        await client.send(opening)
    start = 0 if known is None else job_registry.Graph.decode(known).appended
    for at in range(start, len(order.descriptors), DESCRIPTORS_PER_TRANSACTION):
        data = b"".join(order.descriptors[at : at + DESCRIPTORS_PER_TRANSACTION])
        appending = job_registry.append_operators(data=data, author=client.owner, graph=address)
        await client.send(appending)
    return address


async def post(
    client: Client, order: Order, graph: Pubkey, *, source: str, salt: bytes, verifiers: int
) -> Pubkey:
    """Locks the payment and posts the job in one transaction; returns the job's address.

    `source` is the URL at which the data is served. `salt` is shown when verifiers are drawn.
    """
    job_id = await _next_id(client)
    job = job_registry.job_address(client.owner, job_id)
    mint, terms = await mint_address(client), await current_terms(client)
    seeds = (b"job", bytes(client.owner), job_id.to_bytes(8, "little"))
    lock = escrow.lock(
        job_id=job_id,
        job_bump=find_bump(seeds, job_registry.ID),
        deposit=escrow.Deposit(
            price=PRICE,
            verification=VERIFICATION_FEE * job_registry.MAX_DRAWS * verifiers,
            tips=TIP * job_registry.PAID_CRANK_STEPS,
            urgency=0,
        ),
        buyer=client.owner,
        terms=terms,
        mint=mint,
        job=job,
        source=associated_token_address(client.owner, mint),
    )
    posting = job_registry.post_job(
        job_id=job_id,
        offer=job_registry.JobOffer(
            input_root=order.input_root,
            manifest=order.manifest,
            source=source.encode("ascii").ljust(job_registry.URL_BYTES, b"\0"),
            salt_commitment=sha256(salt).digest(),
            trap=secrets.token_bytes(32),
            verifiers=verifiers,
            price=PRICE,
            verification_fee=VERIFICATION_FEE,
            tip=TIP,
            urgency=0,
        ),
        owner=client.owner,
        terms=terms,
        graph=graph,
    )
    await client.send(lock, posting)
    return job


async def draw(client: Client, job: Pubkey, salt: bytes) -> None:
    """Shows the salt, which decides with a slot's hash whether and by whom the job is verified.

    The job keeps the terms under which it was posted.
    """
    kept = job_registry.Job.decode(await client.required(job))
    await client.send(
        verdict.draw(
            salt=salt,
            cranker=client.owner,
            verdict=verdict.verdict_address(job),
            terms=staking.terms_address(kept.terms),
            even=staking.snapshot_address(0),
            odd=staking.snapshot_address(1),
        )
    )


async def take_back(client: Client, job: Pubkey) -> None:
    """Takes back what an ended job has not spent."""
    await client.send(
        escrow.reclaim(
            buyer=client.owner,
            escrow=escrow.escrow_address(job),
            vault=escrow.vault_address(job),
            destination=associated_token_address(client.owner, await mint_address(client)),
        )
    )


async def mint_address(client: Client) -> Pubkey:
    """Returns the mint of $NLOV on this cluster."""
    return escrow.Config.decode(await client.required(escrow.config_address())).mint


async def current_terms(client: Client) -> Pubkey:
    """Returns the address of the market's current terms, under which new work is posted."""
    pool = staking.Pool.decode(await client.required(staking.pool_address()))
    return staking.terms_address(pool.terms)


async def _next_id(client: Client) -> int:
    data = await client.data(job_registry.buyer_address(client.owner))
    if data is None:
        await client.send(job_registry.open_buyer(owner=client.owner))
        return 0
    return job_registry.Buyer.decode(data).next_job_id
