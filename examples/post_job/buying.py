"""The steps of a buyer, from the graph to the change that it takes back."""

import secrets
from hashlib import sha256

from solders.pubkey import Pubkey

from examples.post_job.client import Client
from neurolov_client import Workload, buying, escrow, job_registry, staking, url_field

NLOV = 10**9
"""Base units of one $NLOV."""
PRICE = 1 * NLOV
VERIFICATION_FEE = NLOV // 5
"""Per drawn ballot; at least the floor in the market's terms."""
TIP = NLOV // 100


async def register_graph(client: Client, order: Workload) -> Pubkey:
    """Registers the order's graph unless it is there; returns its address."""
    address = job_registry.graph_address(client.owner, order.spec_root)
    known = await client.data(address)
    appended = None if known is None else job_registry.Graph.decode(known).appended
    for instruction in buying.registration(
        client.owner, order.spec_root, order.descriptors, appended=appended
    ):
        await client.send(instruction)
    return address


async def post(
    client: Client, order: Workload, graph: Pubkey, *, source: str, salt: bytes, verifiers: int
) -> Pubkey:
    """Locks the payment and posts the job in one transaction; returns the job's address.

    `source` is the URL at which the data is served. `salt` is shown when verifiers are drawn.
    """
    number = await _next_number(client)
    offer = job_registry.JobOffer(
        input_root=order.input_root,
        manifest=order.manifest,
        source=url_field(source),
        salt_commitment=sha256(salt).digest(),
        trap=secrets.token_bytes(32),
        verifiers=verifiers,
        price=PRICE,
        verification_fee=VERIFICATION_FEE,
        tip=TIP,
        urgency=0,
    )
    terms, mint = await current_terms(client), await mint_address(client)
    await client.send(
        *buying.posting(client.owner, number, offer, graph=graph, terms=terms, mint=mint)
    )
    return job_registry.job_address(client.owner, number)


async def draw(client: Client, job: Pubkey, salt: bytes) -> None:
    """Shows the salt, which decides with a slot's hash whether and by whom the job is verified.

    The job keeps the terms under which it was posted.
    """
    kept = job_registry.Job.decode(await client.required(job))
    await client.send(buying.draw(client.owner, job, salt, terms=kept.terms))


async def take_back(client: Client, job: Pubkey) -> None:
    """Takes back what an ended job has not spent."""
    await client.send(buying.take_back(client.owner, job, await mint_address(client)))


async def mint_address(client: Client) -> Pubkey:
    """Returns the mint of $NLOV on this cluster."""
    return escrow.Config.decode(await client.required(escrow.config_address())).mint


async def current_terms(client: Client) -> staking.Terms:
    """Returns the market's current terms, under which new work is posted."""
    pool = staking.Pool.decode(await client.required(staking.pool_address()))
    return staking.Terms.decode(await client.required(staking.terms_address(pool.terms)))


async def _next_number(client: Client) -> int:
    data = await client.data(job_registry.buyer_address(client.owner))
    if data is None:
        await client.send(buying.open_account(client.owner))
        return 0
    return job_registry.Buyer.decode(data).next_job_id
