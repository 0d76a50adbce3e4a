from dataclasses import replace

import pytest

from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.stakers import pool
from neurolov_client import staking
from tests.world import World, unsigned, with_account
from tests.world.governing import applying, cancelling, enact, queue, terms_numbered

CHEAPER = replace(LOCALNET_PARAMETERS, escrow=replace(LOCALNET_PARAMETERS.escrow, fee_bps=250))


def test_the_authority_closes_what_is_queued(world: World) -> None:
    lamports = world.bank.balance(world.authority.key)
    queue(world, CHEAPER)
    sent = world.send(cancelling(world), signers=[world.authority])
    assert not world.exists(staking.terms_address(1))
    assert world.bank.balance(world.authority.key) == lamports
    assert (pool(world).terms, terms_numbered(world, 0).parameters) == (0, LOCALNET_PARAMETERS)
    assert sent.only(staking.TermsCancelled).version == 1
    assert sent.units <= 10_000


def test_the_version_can_be_queued_again_and_waits_anew(world: World) -> None:
    queue(world, CHEAPER)
    first = terms_numbered(world, 1).applies_slot
    world.warp_to(first)
    world.send(cancelling(world), signers=[world.authority])
    queue(world)
    assert terms_numbered(world, 1).applies_slot > first
    world.fails("StillQueued", applying(world))


@pytest.mark.parametrize("offset", [0, 1])
def test_attack_21_the_exact_slot(world: World, offset: int) -> None:
    """Anybody cancels terms that have lapsed; the authority still gets the rent."""
    passer_by = world.actor("passer-by")
    lamports = world.bank.balance(world.authority.key)
    queue(world)
    world.warp_to(terms_numbered(world, 1).lapses_slot + offset)
    attempt = cancelling(world, passer_by)
    if offset == 0:
        world.fails("NotAuthority", attempt, signers=[passer_by])
    else:
        world.send(attempt, signers=[passer_by])
        assert not world.exists(staking.terms_address(1))
        assert world.bank.balance(world.authority.key) == lamports


def test_refuses_the_rent_for_anybody_else(world: World) -> None:
    passer_by = world.actor("passer-by")
    queue(world)
    world.warp_to(terms_numbered(world, 1).lapses_slot + 1)
    attempt = with_account(cancelling(world), world.authority.key, passer_by.key)
    world.fails("NotAuthority", attempt, signers=[passer_by])


def test_refuses_current_and_former_terms(world: World) -> None:
    enact(world)
    for version in (0, 1):
        attempt = staking.cancel_terms(
            signer=world.authority.key,
            authority=world.authority.key,
            terms=staking.terms_address(version),
        )
        world.fails("WrongTerms", attempt, signers=[world.authority])


def test_attack_01_the_authority_must_sign(world: World) -> None:
    queue(world)
    world.fails("AccountNotSigner", unsigned(cancelling(world), world.authority.key))
