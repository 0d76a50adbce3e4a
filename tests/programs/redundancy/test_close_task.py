import pytest

from keeper.lab.market.tasks import PostedTask, close, empty_escrow, release
from neurolov_client import escrow, redundancy
from tests.programs.forging import purge
from tests.world import Actor, World


@pytest.fixture
def emptied(world: World, settled: PostedTask, runners: list[Actor], cranker: Actor) -> PostedTask:
    """A settled task that owes nobody anything, with its bonds still locked."""
    empty_escrow(world, settled, [*runners, cranker])
    return settled


def test_returns_the_rent_to_the_buyer(
    world: World, emptied: PostedTask, buyer: Actor, runners: list[Actor]
) -> None:
    for index, runner in enumerate(runners):
        release(world, emptied, index, runner)
    rent = world.lamports(emptied.address)
    before = world.lamports(buyer.key)
    sent = world.send(redundancy.close_task(buyer=buyer.key, task=emptied.address))
    assert not world.exists(emptied.address)
    assert world.lamports(buyer.key) == before + rent
    event = sent.only(redundancy.TaskClosed)
    assert (event.task, event.buyer, event.id) == (emptied.address, buyer.key, 0)
    assert sent.units <= 10_000
    world.fails(
        "AccountOwnedByWrongProgram", redundancy.close_task(buyer=buyer.key, task=emptied.address)
    )


def test_waits_for_every_bond(
    world: World, emptied: PostedTask, buyer: Actor, runners: list[Actor]
) -> None:
    for index, runner in enumerate(runners):
        closing = redundancy.close_task(buyer=buyer.key, task=emptied.address)
        world.fails("BondsUnreleased", closing)
        release(world, emptied, index, runner)
    close(world, emptied)


def test_waits_for_the_escrow(
    world: World, settled: PostedTask, buyer: Actor, runners: list[Actor]
) -> None:
    for index, runner in enumerate(runners):
        release(world, settled, index, runner)
    closing = redundancy.close_task(buyer=buyer.key, task=settled.address)
    world.fails("EscrowOpen", closing)


def test_refuses_before_the_end(world: World, task: PostedTask, buyer: Actor) -> None:
    """The task stays even if its escrow is gone."""
    purge(world, task.escrow)
    closing = redundancy.close_task(buyer=buyer.key, task=task.address)
    world.fails("TaskNotEnded", closing)


def test_gives_the_rent_to_nobody_else(
    world: World, emptied: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    for index, runner in enumerate(runners):
        release(world, emptied, index, runner)
    stolen = redundancy.close_task(buyer=cranker.key, task=emptied.address)
    world.fails("Unauthorized", stolen)


def test_attack_02_another_empty_address_for_the_escrow(
    world: World, settled: PostedTask, buyer: Actor, runners: list[Actor]
) -> None:
    for index, runner in enumerate(runners):
        release(world, settled, index, runner)
    elsewhere = escrow.escrow_address(buyer.key)
    closing = redundancy.close_task(buyer=buyer.key, task=settled.address, escrow=elsewhere)
    world.fails("ConstraintSeeds", closing)
