from solders.instruction import Instruction

from idl.client import redundancy
from tests.world import Actor, World, unsigned


def transfer(world: World, successor: Actor) -> Instruction:
    return redundancy.set_authority(authority=world.authority.key, new_authority=successor.key)


def test_authority_passes_when_both_sign(world: World) -> None:
    alice = world.actor("alice")
    world.send(transfer(world, alice), signers=[world.authority, alice])
    assert world.fetch(redundancy.Config, redundancy.config_address()).authority == alice.key
    world.fails("Unauthorized", transfer(world, alice), signers=[world.authority, alice])


def test_the_new_authority_can_set_parameters(world: World) -> None:
    alice = world.actor("alice")
    world.send(transfer(world, alice), signers=[world.authority, alice])
    world.send(
        redundancy.set_params(params=world.parameters.redundancy, authority=alice.key),
        signers=[alice],
    )


def test_a_successor_that_does_not_sign_is_refused(world: World) -> None:
    alice = world.actor("alice")
    world.fails(
        "AccountNotSigner",
        unsigned(transfer(world, alice), alice.key),
        signers=[world.authority],
    )


def test_nobody_else_appoints(world: World) -> None:
    mallory = world.actor("mallory")
    attempt = redundancy.set_authority(authority=mallory.key, new_authority=mallory.key)
    world.fails("Unauthorized", attempt, signers=[mallory])
