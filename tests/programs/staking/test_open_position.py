from keeper.lab.market.stakers import position
from neurolov_client import staking
from neurolov_client.bindings.staking import NO_SEAT
from tests.programs.forging import other_bump
from tests.world import Actor, World, unsigned


def test_opens_an_empty_one(world: World) -> None:
    somebody = world.actor("somebody")
    sent = world.send(staking.open_position(owner=somebody.key), signers=[somebody])
    opened = position(world, somebody)
    assert (opened.owner, opened.amount, opened.exposed) == (somebody.key, 0, 0)
    assert (opened.seat, opened.opened_slot, opened.sequence) == (NO_SEAT, world.slot, 1)
    event = sent.only(staking.PositionOpened)
    assert (event.owner, event.envelope.sequence) == (somebody.key, 1)
    assert sent.units <= 40_000


def test_refuses_a_second_one(world: World, owner: Actor) -> None:
    instruction = staking.open_position(owner=owner.key)
    world.fails("AccountAlreadyInUse", instruction, signers=[owner])


def test_attack_01_the_owner_must_sign(world: World) -> None:
    somebody = world.actor("somebody")
    instruction = unsigned(staking.open_position(owner=somebody.key), somebody.key)
    world.fails("AccountNotSigner", instruction)


def test_attack_08_non_canonical_bump(world: World) -> None:
    somebody = world.actor("somebody")
    wrong = other_bump([b"position", bytes(somebody.key)], staking.ID)
    instruction = staking.open_position(owner=somebody.key, position=wrong)
    world.fails("ConstraintSeeds", instruction, signers=[somebody])
