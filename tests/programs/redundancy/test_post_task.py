from dataclasses import replace
from typing import Any

import pytest
from solders.instruction import Instruction

from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.jobs import padded
from keeper.lab.market.tasks import (
    EXACT,
    PostedTask,
    close,
    closing_joining,
    empty_escrow,
    lock,
    locked,
    offer_of,
    open_buyer,
    post,
    stored,
)
from neurolov_client import escrow, redundancy
from neurolov_client.bindings.redundancy import Element, State
from tests.programs.forging import other_bump
from tests.programs.redundancy.renewing import renew
from tests.world import NLOV, Actor, World, unsigned, with_account

PARAMS = LOCALNET_PARAMETERS.redundancy


@pytest.fixture
def owner(world: World, buyer: Actor) -> Actor:
    """The buyer, with a counter of tasks."""
    open_buyer(world, buyer)
    return buyer


def posting_of(world: World, owner: Actor, offer: redundancy.TaskOffer) -> Instruction:
    """Returns the owner's first posting."""
    return redundancy.post_task(task_id=0, offer=offer, owner=owner.key, terms=world.terms)


def attempt(world: World, owner: Actor, error: str, **changes: object) -> None:
    """Asserts that the error refuses this offer, with everything locked that it promises."""
    offer = offer_of(**changes)
    posting = posting_of(world, owner, offer)
    world.fails(error, lock(world, owner, 0, locked(offer)), posting, signers=[owner])


def test_posts_what_was_locked(world: World, owner: Actor) -> None:
    offer = offer_of()
    slot = world.slot
    sent = world.send(
        lock(world, owner, 0, locked(offer)),
        posting_of(world, owner, offer),
        signers=[owner],
    )
    address = redundancy.task_address(owner.key, 0)
    task = world.fetch(redundancy.Task, address)
    assert (task.buyer, task.id, task.kernel, task.input) == (
        owner.key,
        0,
        offer.kernel,
        offer.input,
    )
    assert (task.source, task.output_bytes, task.element) == (offer.source, 4_096, Element.F32)
    assert (task.tolerance, task.price, task.tip) == (offer.tolerance, NLOV, NLOV // 100)
    assert (task.k, task.n, task.max_runs, task.joined, task.round) == (2, 3, 5, 0, 1)
    assert (task.state, task.posted_slot, task.terms) == (State.JOINING, slot, 0)
    assert task.deadline == slot + PARAMS.join_slots
    assert world.tokens(escrow.vault_address(address)) == 5 * NLOV + 8 * (NLOV // 100)
    event = sent.only(redundancy.TaskPosted)
    assert (event.task, event.id, event.deadline) == (address, 0, task.deadline)
    assert (event.k, event.n, event.terms) == (2, 3, 0)
    assert (event.tolerance, event.envelope.sequence) == (offer.tolerance, 1)
    world.check_conserved()


def test_task_ids_count_up(world: World, buyer: Actor) -> None:
    assert [post(world, buyer).id, post(world, buyer).id] == [0, 1]


def test_attack_09_a_task_id_never_comes_back(
    world: World, buyer: Actor, cranker: Actor, task: PostedTask
) -> None:
    """A task that providers know cannot be replaced by another one at its address."""
    world.warp_to(stored(world, task).deadline + 1)
    closing = closing_joining(world, task, cranker)
    world.send(closing, signers=[cranker])
    empty_escrow(world, task, [cranker])
    close(world, task)
    attempt(world, buyer, "WrongTaskId")


@pytest.mark.parametrize(
    ("n", "max_runs"),
    [
        (0, 5),
        (1, 5),
        (2, 5),
        (4, 5),
        (6, 7),
        (5, 3),
        (3, 4),
        (3, 6),
        (7, 8),
        (7, 9),
        (9, 9),
        (255, 255),
    ],
)
def test_refuses_numbers_of_runs_that_can_be_blocked_by_fewer_than_decide(
    world: World, owner: Actor, n: int, max_runs: int
) -> None:
    attempt(world, owner, "InvalidRunCount", n=n, max_runs=max_runs, price=NLOV // 100)


@pytest.mark.parametrize(("n", "max_runs"), [(3, 3), (3, 5), (3, 7), (5, 5), (5, 7), (7, 7)])
def test_the_majority_must_agree(world: World, buyer: Actor, n: int, max_runs: int) -> None:
    task = stored(world, post(world, buyer, n=n, max_runs=max_runs))
    assert (task.k, task.n, task.max_runs) == ((n + 1) // 2, n, max_runs)


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("PriceTooLow", {"price": NLOV // 100 - 1}),
        ("PriceTooLow", {"price": 1, "tip": 0}),
        ("TipTooLow", {"tip": NLOV // 1_000 - 1}),
    ],
)
def test_refuses_less_than_the_floors(
    world: World, owner: Actor, error: str, changes: dict[str, int]
) -> None:
    attempt(world, owner, error, **changes)


def test_takes_the_floors(world: World, buyer: Actor) -> None:
    registry = world.parameters.job_registry
    task = post(world, buyer, price=registry.min_price, tip=registry.min_tip)
    assert (stored(world, task).price, stored(world, task).tip) == (NLOV // 100, NLOV // 1_000)


def test_refuses_terms_that_are_not_current(world: World, owner: Actor) -> None:
    """What was locked under earlier terms is taken back and locked again."""
    first, offer = world.terms, offer_of()
    world.send(lock(world, owner, 0, locked(offer)), signers=[owner])
    renew(world, {"join_slots": 151})
    posting = posting_of(world, owner, offer)
    world.fails("WrongTerms", with_account(posting, world.terms, first), signers=[owner])
    world.fails("WrongTerms", posting, signers=[owner])
    back = escrow.refund_unposted(
        buyer=owner.key,
        job=redundancy.task_address(owner.key, 0),
        destination=owner.tokens,
    )
    world.send(back, signers=[owner])
    world.send(lock(world, owner, 0, locked(offer)), posting, signers=[owner])
    task = world.fetch(redundancy.Task, redundancy.task_address(owner.key, 0))
    assert (task.terms, task.deadline) == (1, task.posted_slot + 151)


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("UnknownElement", {"element": 4}),
        ("InvalidOutput", {"output_bytes": 0}),
        ("InvalidOutput", {"output_bytes": 4_098}),
        ("InvalidOutput", {"output_bytes": 2**30 + 4}),
        ("InvalidTolerance", {"element": Element.BYTES}),
        ("InvalidTolerance", {"tolerance": replace(EXACT, absolute=0x7F80_0000)}),
        ("InvalidTolerance", {"tolerance": replace(EXACT, relative=0x7FC0_0000)}),
        ("InvalidTolerance", {"tolerance": replace(EXACT, relative=0x8000_0000)}),
        ("InvalidUrl", {"source": bytes(96)}),
        ("InvalidUrl", {"source": padded(b"http://a b")}),
    ],
)
def test_refuses_terms_without_a_meaning(
    world: World, owner: Actor, error: str, changes: dict[str, Any]
) -> None:
    attempt(world, owner, error, **changes)


@pytest.mark.parametrize(
    "held",
    [
        {"price": 5 * NLOV - 1},
        {"price": 5 * NLOV + 1},
        {"verification": 1},
        {"tips": 8 * (NLOV // 100) - 1},
        {"urgency": 2},
    ],
)
def test_refuses_an_escrow_of_other_terms(world: World, owner: Actor, held: dict[str, int]) -> None:
    offer = offer_of()
    posting = posting_of(world, owner, offer)
    locking = lock(world, owner, 0, replace(locked(offer), **held))
    world.fails("EscrowMismatch", locking, posting, signers=[owner])


def test_attack_11_a_price_beyond_u64(world: World, owner: Actor) -> None:
    offer = offer_of(price=2**63)
    posting = posting_of(world, owner, offer)
    locking = lock(world, owner, 0, replace(locked(offer_of()), price=1))
    world.fails("Overflow", locking, posting, signers=[owner])


def test_refuses_without_an_escrow(world: World, owner: Actor) -> None:
    posting = posting_of(world, owner, offer_of())
    world.fails("AccountOwnedByWrongProgram", posting, signers=[owner])


def test_refuses_another_tasks_escrow(world: World, owner: Actor) -> None:
    other = post(world, owner)
    posting = redundancy.post_task(
        task_id=1, offer=offer_of(), owner=owner.key, terms=world.terms, escrow=other.escrow
    )
    world.fails("WrongEscrow", posting, signers=[owner])


def test_refuses_somebody_elses_counter(world: World, owner: Actor, cranker: Actor) -> None:
    open_buyer(world, cranker)
    posting = redundancy.post_task(
        task_id=0,
        offer=offer_of(),
        owner=owner.key,
        terms=world.terms,
        buyer=redundancy.buyer_address(cranker.key),
    )
    locking = lock(world, owner, 0, locked(offer_of()))
    world.fails("Unauthorized", locking, posting, signers=[owner])


def test_attack_01_the_buyer_must_sign(world: World, owner: Actor) -> None:
    posting = posting_of(world, owner, offer_of())
    world.fails("AccountNotSigner", unsigned(posting, owner.key))


def test_attack_08_a_bump_that_is_not_canonical(world: World, owner: Actor) -> None:
    address = other_bump([b"task", bytes(owner.key), bytes(8)], redundancy.ID)
    held = escrow.escrow_address(redundancy.task_address(owner.key, 0))
    posting = redundancy.post_task(
        task_id=0,
        offer=offer_of(),
        owner=owner.key,
        terms=world.terms,
        task=address,
        escrow=held,
    )
    locking = lock(world, owner, 0, locked(offer_of()))
    world.fails("ConstraintSeeds", locking, posting, signers=[owner])


def test_what_was_not_posted_is_taken_back(world: World, owner: Actor) -> None:
    offer = offer_of()
    world.send(lock(world, owner, 0, locked(offer)), signers=[owner])
    back = escrow.refund_unposted(
        buyer=owner.key,
        job=redundancy.task_address(owner.key, 0),
        destination=owner.tokens,
    )
    world.send(back, signers=[owner])
    assert world.tokens(owner) == 100 * NLOV - world.parameters.escrow.posting_fee


def test_what_was_posted_is_not(world: World, buyer: Actor, task: PostedTask) -> None:
    back = escrow.refund_unposted(buyer=buyer.key, job=task.address, destination=buyer.tokens)
    world.fails("JobExists", back, signers=[buyer])
