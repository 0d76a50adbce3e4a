from dataclasses import replace
from random import Random

import pytest

from keeper.lab.market.stakers import pool
from neurolov_client import SYSTEM_PROGRAM, staking
from tests.world import NLOV, Actor, World
from tests.world.governing import enact, forge_terms

RATE = 1_000_000


def fund(world: World, amount: int) -> None:
    sponsor = world.actor("sponsor", tokens=amount)
    instruction = staking.fund_emission(amount=amount, funder=sponsor.key, source=sponsor.tokens)
    world.send(instruction, signers=[sponsor])


def test_streams_what_has_come_due(world: World, owner: Actor) -> None:
    fund(world, NLOV)
    start = pool(world).emission_last
    world.warp(100)
    sent = world.send(staking.emit_rewards())
    due = (world.slot - start) * RATE
    assert world.tokens(staking.reward_vault_address()) == due
    assert world.tokens(staking.emission_vault_address()) == NLOV - due
    emitted = pool(world)
    assert emitted.emission_last == world.slot
    assert emitted.period_end == world.slot + world.parameters.staking.reward_period_slots
    event = sent.only(staking.RewardsEmitted)
    assert (event.amount, event.reward_vault, event.emission_vault) == (due, due, NLOV - due)
    assert sent.units <= 40_000
    world.warp(10)
    world.send(staking.emit_rewards())
    assert world.tokens(staking.reward_vault_address()) == due + 10 * RATE
    world.check_conserved()


def test_halves(world: World, owner: Actor) -> None:
    params = replace(world.parameters.staking, halving_slots=100)
    forge_terms(world, replace(world.parameters, staking=params))
    fund(world, NLOV)
    start = pool(world).emission_start
    world.warp_to(start + 250)
    world.send(staking.emit_rewards())
    due = 100 * RATE + 100 * RATE // 2 + 50 * RATE // 4
    assert world.tokens(staking.reward_vault_address()) == due


def test_gives_at_most_what_the_vault_holds(world: World, owner: Actor) -> None:
    fund(world, 7)
    world.warp(100)
    start = pool(world).emission_last
    world.send(staking.emit_rewards())
    assert world.tokens(staking.reward_vault_address()) == 7
    assert pool(world).emission_owed == (world.slot - start) * RATE - 7
    world.warp(100)
    world.fails("NothingToEmit", staking.emit_rewards())


def test_what_the_vault_lacked_stays_owed(world: World, owner: Actor) -> None:
    start = pool(world).emission_last
    fund(world, 7)
    world.warp(100)
    world.send(staking.emit_rewards())
    world.warp(100)
    fund(world, NLOV)
    sent = world.send(staking.emit_rewards())
    due = (world.slot - start) * RATE
    assert sent.only(staking.RewardsEmitted).amount == due - 7
    assert (sent.only(staking.RewardsEmitted).owed, pool(world).emission_owed) == (0, 0)
    assert world.tokens(staking.reward_vault_address()) == due


def test_terms_change_the_rate_from_their_slot_on(world: World, owner: Actor) -> None:
    start = pool(world).emission_last
    params = replace(world.parameters.staking, emission_per_slot=2 * RATE)
    sent = enact(world, replace(world.parameters, staking=params))
    applied = world.slot
    assert sent.only(staking.TermsApplied).emission_owed == (applied - start) * RATE
    world.warp(50)
    fund(world, NLOV)
    world.send(staking.emit_rewards())
    due = (applied - start) * RATE + (world.slot - applied) * 2 * RATE
    assert world.tokens(staking.reward_vault_address()) == due


@pytest.mark.parametrize("seed", range(6))
def test_what_was_emitted_and_what_is_owed_are_what_was_due(
    world: World, owner: Actor, seed: int
) -> None:
    """With any funding, through halvings and through terms that change the rate."""
    random = Random(seed)
    staked = replace(world.parameters.staking, halving_slots=1_500)
    forge_terms(world, replace(world.parameters, staking=staked))
    start = last = pool(world).emission_last
    due = emitted = 0
    for _ in range(25):
        rate = world.parameters.staking.emission_per_slot
        if random.random() < 0.15:
            factor = random.choice([0.5, 0.7, 1.6, 2])
            staked = replace(world.parameters.staking, emission_per_slot=int(rate * factor))
            enact(world, replace(world.parameters, staking=staked))
        else:
            world.warp(random.choice([1, 3, 80, 700]))
            if random.random() < 0.6:
                fund(world, random.choice([1, 10_000_000, 400_000_000]))
            funded = world.tokens(staking.emission_vault_address())
            if funded == 0:
                continue
            sent = world.send(staking.emit_rewards())
            emitted += sent.only(staking.RewardsEmitted).amount
        for slot in range(last, world.slot):
            due += rate >> ((slot - start) // 1_500)
        last = world.slot
        assert emitted + pool(world).emission_owed == due
    assert emitted == world.tokens(staking.reward_vault_address()) > 0
    assert pool(world).emission_start == start


def test_refuses_twice_in_a_slot(world: World, owner: Actor) -> None:
    fund(world, NLOV)
    world.warp(1)
    world.send(staking.emit_rewards())
    world.fails("NothingToEmit", staking.emit_rewards())


def test_attack_06_fake_token_program(world: World, owner: Actor) -> None:
    fund(world, NLOV)
    world.fails("InvalidProgramId", staking.emit_rewards(token_program=SYSTEM_PROGRAM))


def test_refuses_other_vaults(world: World, owner: Actor) -> None:
    fund(world, NLOV)
    stake_vault = staking.stake_vault_address()
    world.fails("WrongVault", staking.emit_rewards(reward_vault=stake_vault))
    world.fails("WrongVault", staking.emit_rewards(emission_vault=stake_vault))
