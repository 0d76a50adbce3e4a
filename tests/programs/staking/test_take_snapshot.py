from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.stakers import seat, snapshot
from neurolov_client import escrow, staking
from tests.programs.forging import copied
from tests.programs.staking.conftest import COLLATERAL, WEIGHT
from tests.world import Actor, World


def current(world: World) -> tuple[int, Pubkey]:
    epoch = world.window
    return epoch, staking.snapshot_address(epoch % 2)


def test_copies_the_weights(world: World, owner: Actor, other: Actor) -> None:
    seat(world, owner, 3, COLLATERAL)
    sent = snapshot(world)
    epoch, address = current(world)
    taken = world.fetch(staking.Snapshot, address)
    tree = world.fetch(staking.VerifierTree, staking.verifiers_address())
    assert (taken.epoch, taken.taken_slot, taken.total) == (epoch, world.slot, WEIGHT)
    assert taken.sums == tree.sums
    event = sent.only(staking.SnapshotRecorded)
    assert (event.epoch, event.total_weight) == (epoch, WEIGHT)
    assert event.envelope.sequence == tree.sequence
    assert sent.units <= 10_000
    seat(world, other, 4, COLLATERAL)
    assert world.fetch(staking.Snapshot, address) == taken


def test_alternates_between_two(world: World, owner: Actor) -> None:
    seat(world, owner, 3, COLLATERAL)
    snapshot(world)
    first, _ = current(world)
    world.warp_to((first + 1) * CHECKPOINT_SLOTS)
    snapshot(world)
    epochs = {
        world.fetch(staking.Snapshot, staking.snapshot_address(parity)).epoch for parity in (0, 1)
    }
    assert epochs == {first, first + 1}


def test_refuses_a_second_one_in_an_epoch(world: World, owner: Actor) -> None:
    snapshot(world)
    _, address = current(world)
    world.fails("SnapshotTaken", staking.take_snapshot(snapshot=address))


def test_refuses_the_other_parity(world: World, owner: Actor) -> None:
    epoch, _ = current(world)
    wrong = staking.snapshot_address((epoch + 1) % 2)
    world.fails("WrongSnapshot", staking.take_snapshot(snapshot=wrong))


def test_attack_03_tree_of_another_program(world: World, owner: Actor) -> None:
    _, address = current(world)
    copy = copied(world, staking.verifiers_address(), owner=escrow.ID)
    instruction = staking.take_snapshot(snapshot=address, verifiers=copy)
    world.fails("AccountOwnedByWrongProgram", instruction)


def test_attack_04_one_account_type_as_another(world: World, owner: Actor) -> None:
    _, address = current(world)
    for wrong in (
        staking.take_snapshot(snapshot=address, verifiers=address),
        staking.take_snapshot(snapshot=staking.verifiers_address()),
    ):
        world.fails("AccountDiscriminatorMismatch", wrong)
