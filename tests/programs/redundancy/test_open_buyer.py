from neurolov_client import redundancy
from tests.world import Actor, World, unsigned


def test_counts_tasks_from_zero(world: World, buyer: Actor) -> None:
    sent = world.send(redundancy.open_buyer(owner=buyer.key), signers=[buyer])
    stored = world.fetch(redundancy.Buyer, redundancy.buyer_address(buyer.key))
    assert (stored.owner, stored.next_task_id) == (buyer.key, 0)
    event = sent.only(redundancy.BuyerOpened)
    assert (event.owner, event.envelope.sequence) == (buyer.key, 1)
    assert sent.units <= 40_000


def test_refuses_a_second_time(world: World, buyer: Actor) -> None:
    world.send(redundancy.open_buyer(owner=buyer.key), signers=[buyer])
    world.fails("AccountAlreadyInUse", redundancy.open_buyer(owner=buyer.key), signers=[buyer])


def test_attack_01_the_owner_must_sign(world: World, buyer: Actor) -> None:
    opening = redundancy.open_buyer(owner=buyer.key)
    world.fails("AccountNotSigner", unsigned(opening, buyer.key))


def test_refuses_somebody_elses_address(world: World, buyer: Actor, cranker: Actor) -> None:
    elsewhere = redundancy.buyer_address(cranker.key)
    opening = redundancy.open_buyer(owner=buyer.key, buyer=elsewhere)
    world.fails("ConstraintSeeds", opening, signers=[buyer])
