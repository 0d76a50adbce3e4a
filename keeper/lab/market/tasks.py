"""Flows of the redundancy program: tasks, their runs and what follows."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import padded
from keeper.lab.market.sandbox import Sandbox, Sent
from keeper.lab.market.stakers import stake
from neurolov_client import escrow, find_bump, redundancy, shard_of, staking
from neurolov_client.bindings.redundancy import PAID_CRANK_STEPS, Element

EXACT: Final = redundancy.Tolerance(absolute=0, relative=0, ulp=0)
ULPS: Final = redundancy.Tolerance(absolute=0, relative=0, ulp=4)


@dataclass(frozen=True, slots=True)
class PostedTask:
    """A task and the data that its buyer keeps."""

    address: Pubkey
    id: int
    buyer: Actor
    offer: redundancy.TaskOffer

    @property
    def escrow(self) -> Pubkey:
        return escrow.escrow_address(self.address)

    @property
    def vault(self) -> Pubkey:
        return escrow.vault_address(self.address)


def offer_of(**changes: object) -> redundancy.TaskOffer:
    """Returns an offer by which two of three float32 runs must agree within four ULP.

    At most five runs take part, for 1 $NLOV each.
    """
    values: dict[str, object] = {
        "kernel": hashlib.sha256(b"kernel").digest(),
        "input": hashlib.sha256(b"input").digest(),
        "source": padded(b"http://127.0.0.1:7001"),
        "output_bytes": 4_096,
        "element": Element.F32,
        "tolerance": ULPS,
        "n": 3,
        "max_runs": 5,
        "price": NLOV,
        "tip": NLOV // 100,
    }
    return redundancy.TaskOffer(**{**values, **changes})  # type: ignore[arg-type]


def locked(offer: redundancy.TaskOffer) -> escrow.Deposit:
    """Returns the amounts that a task's escrow must hold."""
    return escrow.Deposit(
        price=offer.price * offer.max_runs,
        verification=0,
        tips=offer.tip * PAID_CRANK_STEPS,
        urgency=0,
    )


def lock(sandbox: Sandbox, buyer: Actor, task_id: int, amounts: escrow.Deposit) -> Instruction:
    """Locks the money of the buyer's task of this id."""
    seeds = (b"task", bytes(buyer.key), task_id.to_bytes(8, "little"))
    return escrow.lock(
        job_id=task_id,
        job_bump=find_bump(seeds, redundancy.ID),
        deposit=amounts,
        terms=sandbox.terms,
        buyer=buyer.key,
        mint=sandbox.mint,
        job=redundancy.task_address(buyer.key, task_id),
        source=buyer.tokens,
    )


def open_buyer(sandbox: Sandbox, owner: Actor) -> None:
    """Opens the buyer's counter of tasks where there is none."""
    if not sandbox.exists(redundancy.buyer_address(owner.key)):
        sandbox.send(redundancy.open_buyer(owner=owner.key), signers=[owner])


def post(sandbox: Sandbox, buyer: Actor, **changes: object) -> PostedTask:
    """Locks the payment and posts, in one transaction. The buyer must have the tokens."""
    open_buyer(sandbox, buyer)
    counter = sandbox.fetch(redundancy.Buyer, redundancy.buyer_address(buyer.key))
    task_id, offer = counter.next_task_id, offer_of(**changes)
    sandbox.send(
        lock(sandbox, buyer, task_id, locked(offer)),
        redundancy.post_task(task_id=task_id, offer=offer, owner=buyer.key, terms=sandbox.terms),
        signers=[buyer],
    )
    return PostedTask(redundancy.task_address(buyer.key, task_id), task_id, buyer, offer)


def providers(sandbox: Sandbox, size: int, *, staked: int = 1_000 * NLOV) -> list[Actor]:
    """Returns `size` new providers, each staked for so long that the stake counts."""
    members = []
    for number in range(size):
        member = sandbox.actor(f"provider {number}", tokens=staked)
        stake(sandbox, member, staked)
        members.append(member)
    sandbox.stand()
    return members


def stored(sandbox: Sandbox, task: PostedTask) -> redundancy.Task:
    """Returns the task's account."""
    return sandbox.fetch(redundancy.Task, task.address)


def terms_of(sandbox: Sandbox, task: PostedTask) -> Pubkey:
    """Returns the address of the terms that the task keeps."""
    return staking.terms_address(stored(sandbox, task).terms)


def exposure(sandbox: Sandbox, task: PostedTask, owner: Actor) -> staking.Exposure:
    """Returns the stake that the owner exposes to the task."""
    return sandbox.fetch(staking.Exposure, staking.exposure_address(task.address, owner.key))


def joining(
    sandbox: Sandbox, task: PostedTask, owner: Actor, operator: Actor | None = None
) -> Instruction:
    """Joins with the stake of `owner`, signed by its operator where there is one."""
    return redundancy.join(
        signer=(operator or owner).key,
        terms=terms_of(sandbox, task),
        task=task.address,
        position=staking.position_address(owner.key),
        exposure=staking.exposure_address(task.address, owner.key),
    )


def join(sandbox: Sandbox, owner: Actor, task: PostedTask, operator: Actor | None = None) -> Sent:
    """Joins once every provider's turn has come."""
    delay = sandbox.parameters.redundancy.claim_max_delay_slots
    turn = stored(sandbox, task).posted_slot + 1 + delay
    if sandbox.slot < turn:
        sandbox.warp_to(turn)
    return sandbox.send(joining(sandbox, task, owner, operator), signers=[operator or owner])


def closing_joining(sandbox: Sandbox, task: PostedTask, cranker: Actor) -> Instruction:
    """Closes joining; passes the accounts of the last provider, which may be freed."""
    held = stored(sandbox, task)
    last = held.runs[held.joined - 1].provider if held.joined else None
    address = None if last is None else staking.exposure_address(task.address, last)
    return redundancy.close_joining(
        cranker=cranker.key,
        terms=terms_of(sandbox, task),
        task=task.address,
        mint=sandbox.mint,
        position=None if last is None else staking.position_address(last),
        exposure=address,
        payer=None if address is None else sandbox.fetch(staking.Exposure, address).payer,
    )


def salt_of(owner: Actor) -> bytes:
    """Returns the provider's secret."""
    return hashlib.sha256(b"salt" + bytes(owner.key)).digest()


def root_of(output: int) -> bytes:
    """Returns the root of the output of this number; equal numbers are equal outputs."""
    return hashlib.sha256(b"output" + bytes([output])).digest()


def commitment_of(task: PostedTask, owner: Actor, output: int) -> bytes:
    """Returns SHA256(root

    salt

    provider

    task).
    """
    parts = root_of(output), salt_of(owner), bytes(owner.key), bytes(task.address)
    return hashlib.sha256(b"".join(parts)).digest()


def committing(
    sandbox: Sandbox, task: PostedTask, owner: Actor, output: int, operator: Actor | None = None
) -> Instruction:
    """Commits the owner's run to the output of this number."""
    return redundancy.commit_run(
        commitment=commitment_of(task, owner, output),
        signer=(operator or owner).key,
        terms=terms_of(sandbox, task),
        task=task.address,
        position=staking.position_address(owner.key),
    )


def revealing(sandbox: Sandbox, task: PostedTask, owner: Actor, output: int) -> Instruction:
    """Reveals the output of this number for the owner's run."""
    return redundancy.reveal_run(
        run=index_of(sandbox, task, owner),
        root=root_of(output),
        salt=salt_of(owner),
        terms=terms_of(sandbox, task),
        task=task.address,
    )


def index_of(sandbox: Sandbox, task: PostedTask, owner: Actor) -> int:
    """Returns the number of the owner's run; raises ValueError where it has none."""
    held = stored(sandbox, task)
    return [run.provider for run in held.runs[: held.joined]].index(owner.key)


def comparing(
    task: PostedTask, owner: Actor, *agreeing: int, operator: Actor | None = None
) -> Instruction:
    """Declares that these runs' outputs agree with the owner's own."""
    return redundancy.compare(
        agrees=sum(1 << index for index in agreeing),
        signer=(operator or owner).key,
        task=task.address,
        position=staking.position_address(owner.key),
    )


def expiring(
    sandbox: Sandbox, task: PostedTask, cranker: Actor, run: int, owner: Actor
) -> Instruction:
    """Expires the owner's run."""
    return redundancy.expire_run(
        run=run,
        cranker=cranker.key,
        terms=terms_of(sandbox, task),
        task=task.address,
        fee_vault=escrow.fees_address(shard_of(task.address)),
        position=staking.position_address(owner.key),
        exposure=staking.exposure_address(task.address, owner.key),
    )


def commit(sandbox: Sandbox, task: PostedTask, outputs: dict[Actor, int]) -> None:
    """Each provider commits to its output."""
    for owner, output in outputs.items():
        sandbox.send(committing(sandbox, task, owner, output), signers=[owner])


def reveal(sandbox: Sandbox, task: PostedTask, outputs: dict[Actor, int]) -> None:
    """Each provider reveals its output."""
    for owner, output in outputs.items():
        sandbox.send(revealing(sandbox, task, owner, output))


def run(sandbox: Sandbox, task: PostedTask, outputs: dict[Actor, int]) -> None:
    """Each provider joins, commits and reveals."""
    for owner in outputs:
        join(sandbox, owner, task)
    commit(sandbox, task, outputs)
    reveal(sandbox, task, outputs)


def decide(sandbox: Sandbox, cranker: Actor, task: PostedTask) -> Sent:
    """Decides, after the comparisons' deadline where they are open."""
    held = stored(sandbox, task)
    if held.state == redundancy.State.COMPARING and sandbox.slot <= held.deadline:
        sandbox.warp_to(held.deadline + 1)
    return sandbox.send(deciding(sandbox, task, cranker), signers=[cranker])


def deciding(sandbox: Sandbox, task: PostedTask, cranker: Actor) -> Instruction:
    """Decides."""
    return redundancy.decide(
        cranker=cranker.key,
        terms=terms_of(sandbox, task),
        task=task.address,
        mint=sandbox.mint,
    )


def expire(sandbox: Sandbox, cranker: Actor, task: PostedTask, run: int, owner: Actor) -> Sent:
    """Expires the owner's run once the deadline has passed."""
    deadline = stored(sandbox, task).deadline
    if sandbox.slot <= deadline:
        sandbox.warp_to(deadline + 1)
    return sandbox.send(expiring(sandbox, task, cranker, run, owner), signers=[cranker])


def release(sandbox: Sandbox, task: PostedTask, run: int, owner: Actor) -> Sent:
    """Releases the owner's bond."""
    return sandbox.send(releasing(sandbox, task, run, owner))


def releasing(sandbox: Sandbox, task: PostedTask, run: int, owner: Actor) -> Instruction:
    """Releases the owner's bond; raises LookupError where its exposure is closed."""
    return redundancy.release_bond(
        run=run,
        task=task.address,
        payer=exposure(sandbox, task, owner).payer,
        position=staking.position_address(owner.key),
        exposure=staking.exposure_address(task.address, owner.key),
    )


def empty_escrow(sandbox: Sandbox, task: PostedTask, parties: Sequence[Actor]) -> None:
    """Pays every credit and the fee, and returns the rest to the buyer."""
    held = sandbox.fetch(escrow.Escrow, task.escrow)
    owners = {party.key: party for party in parties}
    for index, credit in enumerate(held.credits[: held.credit_count]):
        sandbox.send(
            escrow.withdraw(
                index=index,
                escrow=task.escrow,
                vault=task.vault,
                destination=owners[credit.party].tokens,
            )
        )
    if held.fee_due:
        sandbox.send(
            escrow.collect_fee(
                escrow=task.escrow,
                vault=task.vault,
                fee_vault=escrow.fees_address(shard_of(task.address)),
            )
        )
    sandbox.send(
        escrow.reclaim(
            buyer=task.buyer.key,
            escrow=task.escrow,
            vault=task.vault,
            destination=task.buyer.tokens,
        )
    )


def close(sandbox: Sandbox, task: PostedTask) -> Sent:
    """Closes the task."""
    return sandbox.send(redundancy.close_task(buyer=task.buyer.key, task=task.address))
