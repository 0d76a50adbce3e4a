from idl.client import staking
from keeper.lab.market.stakers import pool
from tests.world import World, unsigned


def test_hands_over(world: World) -> None:
    heir = world.actor("heir")
    sent = world.send(
        staking.set_authority(authority=world.authority.key, new_authority=heir.key),
        signers=[world.authority, heir],
    )
    assert pool(world).authority == heir.key
    assert sent.only(staking.AuthoritySet).authority == heir.key
    assert sent.units <= 10_000
    again = staking.set_params(params=world.parameters.staking, authority=world.authority.key)
    world.fails("NotAuthority", again, signers=[world.authority])


def test_attack_01_both_must_sign(world: World) -> None:
    heir = world.actor("heir")
    instruction = staking.set_authority(authority=world.authority.key, new_authority=heir.key)
    world.fails("AccountNotSigner", unsigned(instruction, heir.key), signers=[world.authority])
    world.fails("AccountNotSigner", unsigned(instruction, world.authority.key), signers=[heir])


def test_refuses_anybody_else(world: World) -> None:
    other = world.actor("other")
    instruction = staking.set_authority(authority=other.key, new_authority=other.key)
    world.fails("NotAuthority", instruction, signers=[other])
