"""What a buyer sends, in the order in which the programs accept it.

1. `registration`: puts the graph on chain, one transaction after the other.
2. `open_account`: once per buyer.
3. `posting`: locks the payment and posts the job, in this order and in one transaction.
4. `draw` when the result is committed.
5. `cancel` while nobody has claimed the job, and `take_back` when the job has ended.

Each function returns instructions and sends nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from neurolov_client.addresses import associated_token_address, find_bump
from neurolov_client.bindings import escrow, job_registry, staking, verdict
from neurolov_client.transactions import DESCRIPTORS_PER_TRANSACTION


def registration(
    author: Pubkey, spec_root: bytes, descriptors: Sequence[bytes], *, appended: int | None = None
) -> tuple[Instruction, ...]:
    """Returns what registers a graph, each instruction for a transaction of its own.

    `descriptors` has 256 bytes per operator and `spec_root` is their Merkle root. `appended` is
    that field of the graph's account where a registration was interrupted, None where there is no
    account yet.
    """
    graph = job_registry.graph_address(author, spec_root)
    opening = job_registry.open_graph(
        spec_root=spec_root, operators=len(descriptors), author=author
    )
    appending = (
        job_registry.append_operators(
            data=b"".join(descriptors[first : first + DESCRIPTORS_PER_TRANSACTION]),
            author=author,
            graph=graph,
        )
        for first in range(appended or 0, len(descriptors), DESCRIPTORS_PER_TRANSACTION)
    )
    return (*((opening,) if appended is None else ()), *appending)


def open_account(owner: Pubkey) -> Instruction:
    """Returns what opens the account that numbers the owner's jobs: `Buyer.next_job_id`."""
    return job_registry.open_buyer(owner=owner)


def locked(offer: job_registry.JobOffer) -> escrow.Deposit:
    """Returns what posting a job takes from its buyer beside the posting fee, in base units.

    That is the price, the fee of every verifier of every draw, a tip per paid crank step, and the
    whole premium for urgency.
    """
    return escrow.Deposit(
        price=offer.price,
        verification=offer.verification_fee * job_registry.MAX_DRAWS * offer.verifiers,
        tips=offer.tip * job_registry.PAID_CRANK_STEPS,
        urgency=offer.urgency,
    )


def premium_burned(urgency: int, rules: staking.EscrowParams) -> int:
    """Returns the part of an urgency premium that posting burns, in base units, rounded up."""
    return -(-urgency * rules.urgency_burn_bps // job_registry.BPS)


def posting(
    owner: Pubkey,
    number: int,
    offer: job_registry.JobOffer,
    *,
    graph: Pubkey,
    terms: staking.Terms,
    mint: Pubkey,
    position: Pubkey | None = None,
) -> tuple[Instruction, Instruction]:
    """Returns the lock of the payment and the posting of the job, for one transaction.

    `number` is the owner's `Buyer.next_job_id`, which `job_registry.job_address` turns into the
    job's address. `terms` are the current ones, those of `Pool.terms`, and `mint` is `Config.mint`
    of the escrow program. The payment comes from the owner's associated token account.
    `offer.urgency` is the whole premium, of which locking burns a part. `position` is the address
    of the owner's stake, which raises the job's priority, None where there is none.
    """
    job, version = job_registry.job_address(owner, number), staking.terms_address(terms.version)
    seeds = (b"job", bytes(owner), number.to_bytes(8, "little"))
    burned = premium_burned(offer.urgency, terms.parameters.escrow)
    locking = escrow.lock(
        job_id=number,
        job_bump=find_bump(seeds, job_registry.ID),
        deposit=locked(offer),
        buyer=owner,
        terms=version,
        mint=mint,
        job=job,
        source=associated_token_address(owner, mint),
    )
    registering = job_registry.post_job(
        job_id=number,
        offer=replace(offer, urgency=offer.urgency - burned),
        owner=owner,
        terms=version,
        graph=graph,
        position=position,
    )
    return locking, registering


def draw(cranker: Pubkey, job: Pubkey, salt: bytes | None, *, terms: int) -> Instruction:
    """Returns what draws the job's verifiers once its result is committed.

    `salt` is the buyer's, whose SHA-256 the offer committed to. With it the program accepts the
    draw `verdict.DRAW_DELAY` slots after the commitment, without it `VerdictParams.salt_slots`
    later. `terms` is `Job.terms`.
    """
    return verdict.draw(
        salt=salt,
        cranker=cranker,
        verdict=verdict.verdict_address(job),
        terms=staking.terms_address(terms),
        even=staking.snapshot_address(0),
        odd=staking.snapshot_address(1),
    )


def cancel(owner: Pubkey, job: Pubkey) -> Instruction:
    """Returns what ends a job that nobody has claimed."""
    return job_registry.cancel(buyer=owner, job=job)


def take_back(owner: Pubkey, job: Pubkey, mint: Pubkey) -> Instruction:
    """Returns what gives the owner back what an ended job has not spent."""
    return escrow.reclaim(
        buyer=owner,
        escrow=escrow.escrow_address(job),
        vault=escrow.vault_address(job),
        destination=associated_token_address(owner, mint),
    )


__all__ = [
    "cancel",
    "draw",
    "locked",
    "open_account",
    "posting",
    "premium_burned",
    "registration",
    "take_back",
]
