import hashlib
import math

import pytest
from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market.stakers import appoint, pool, position, seat, stake
from keeper.lab.market.tasks import (
    PostedTask,
    decide,
    exposure,
    join,
    joining,
    post,
    run,
    stored,
    terms_of,
)
from neurolov_client import SLOT_HASHES, SYSTEM_PROGRAM, redundancy, staking
from neurolov_client.bindings.redundancy import RunState, State
from tests.programs.redundancy.renewing import renew
from tests.world import NLOV, Actor, World, unsigned, with_account

PARAMS = LOCALNET_PARAMETERS.redundancy

BOND = NLOV // 2
EXPOSED = 10 * NLOV
STAKED = 1_000 * NLOV


def first_slot(world: World, task: PostedTask, owner: Actor) -> int:
    """Returns the first slot in which the provider may join, by the formula in real numbers.

    All stake has stood since before the task was posted.
    """
    posted = stored(world, task).posted_slot
    hashes = dict(world.bank.slot_hashes())
    parts = bytes(hashes[posted]), bytes(task.address), bytes(owner.key)
    lot = int.from_bytes(hashlib.sha256(b"".join(parts)).digest()[:8], "little")
    held = position(world, owner)
    share = (held.amount - held.exposed) / pool(world).total_staked
    wait = PARAMS.claim_scale_slots * -math.log((lot + 1) / 2**64) / share
    return posted + 1 + min(math.ceil(wait), PARAMS.claim_max_delay_slots)


def test_locks_stake_and_a_bond(world: World, task: PostedTask, members: list[Actor]) -> None:
    owner = members[0]
    sent = join(world, owner, task)
    held = stored(world, task)
    found = held.runs[0]
    assert (found.provider, found.bond, found.round) == (owner.key, BOND, 1)
    assert (found.state, found.joined_slot) == (RunState.JOINED, world.slot)
    assert (held.joined, held.state) == (1, State.JOINING)
    locked = exposure(world, task, owner)
    assert (locked.amount, locked.bond, locked.payer) == (EXPOSED, BOND, owner.key)
    assert position(world, owner).exposed == EXPOSED + BOND
    event = sent.only(redundancy.TaskJoined)
    assert (event.run, event.provider) == (0, owner.key)
    assert (event.exposed, event.bond) == (EXPOSED, BOND)
    assert event.envelope.sequence == held.sequence
    assert sent.units <= 40_000


def test_the_last_one_wanted_starts_the_runs(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    for owner in members[:3]:
        join(world, owner, task)
    held = stored(world, task)
    assert (held.state, held.deadline) == (State.RUNNING, world.slot + PARAMS.run_slots)
    world.fails("WrongState", joining(world, task, members[3]), signers=[members[3]])


def test_turns_follow_from_stake_and_a_later_hash(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    world.warp(1)
    turns = {owner: first_slot(world, task, owner) for owner in members}
    assert len(set(turns.values())) > 1
    owner = min(turns, key=lambda each: turns[each])
    late = max(turns, key=lambda each: turns[each])
    world.warp_to(turns[owner])
    world.send(joining(world, task, owner), signers=[owner])
    world.warp_to(turns[late] - 1)
    world.fails("BeforeTurn", joining(world, task, late), signers=[late])
    world.warp(1)
    world.send(joining(world, task, late), signers=[late])


def test_nobody_joins_before_the_hash_is_known(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    world.fails("BeforeTurn", joining(world, task, members[0]), signers=[members[0]])


def test_the_deadline_is_the_last_slot(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    world.warp_to(stored(world, task).deadline)
    world.send(joining(world, task, members[0]), signers=[members[0]])
    world.warp(1)
    world.fails("DeadlinePassed", joining(world, task, members[1]), signers=[members[1]])


def test_refuses_the_buyer(world: World, task: PostedTask, buyer: Actor) -> None:
    stake(world, buyer, 10 * NLOV)
    world.warp(PARAMS.claim_max_delay_slots + 1)
    world.fails("BuyerIsProvider", joining(world, task, buyer), signers=[buyer])


def test_refuses_a_second_run_of_one_provider(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    join(world, members[0], task)
    world.fails("AlreadyJoined", joining(world, task, members[0]), signers=[members[0]])


@pytest.mark.parametrize("spare", [-BOND - 1, -1, 0])
def test_needs_exposure_and_bond_in_free_stake(
    world: World, buyer: Actor, cranker: Actor, spare: int
) -> None:
    staked = EXPOSED + BOND + spare
    world.mint_to(cranker, staked)
    stake(world, cranker, staked)
    world.stand()
    task = post(world, buyer)
    world.warp(PARAMS.claim_max_delay_slots + 1)
    attempt = joining(world, task, cranker)
    if staked < EXPOSED:
        world.fails("StandingTooLow", attempt, signers=[cranker])
    elif spare < 0:
        refusal = world.fails("InsufficientFreeStake", attempt, signers=[cranker])
        assert refusal.program == "staking"
    else:
        world.send(attempt, signers=[cranker])


@pytest.mark.parametrize("windows", [0, 1, 2])
def test_stake_counts_once_it_stood_for_two_windows(
    world: World, members: list[Actor], buyer: Actor, windows: int
) -> None:
    """Neither the stake of the window of posting counts nor that of the window before it."""
    newcomer = world.actor("newcomer", tokens=2 * EXPOSED)
    stake(world, newcomer, 2 * EXPOSED)
    if windows:
        world.warp_to((world.window + windows) * CHECKPOINT_SLOTS)
    task = post(world, buyer)
    world.warp_to(stored(world, task).deadline)
    attempt = joining(world, task, newcomer)
    if windows < 2:
        world.fails("StandingTooLow", attempt, signers=[newcomer])
        world.send(joining(world, task, members[0]), signers=[members[0]])
    else:
        world.send(attempt, signers=[newcomer])


def test_an_aged_hash_opens_the_task_to_stake_that_stood_and_to_no_other(
    world: World, buyer: Actor, members: list[Actor]
) -> None:
    """After 512 slots nobody knows the hash any more, and every turn has come."""
    late = world.actor("late", tokens=STAKED)
    for join_slots in (300, 600):
        renew(world, {"join_slots": join_slots})
    task = post(world, buyer)
    stake(world, late, STAKED)
    world.warp_to(stored(world, task).deadline)
    posted = stored(world, task).posted_slot
    assert min(slot for slot, _ in world.bank.slot_hashes()) > posted
    world.fails("StandingTooLow", joining(world, task, late), signers=[late])
    world.send(joining(world, task, members[0]), signers=[members[0]])


def test_stake_that_runs_expose_joins_nothing_else(
    world: World, buyer: Actor, cranker: Actor
) -> None:
    world.mint_to(cranker, 2 * EXPOSED)
    stake(world, cranker, 2 * EXPOSED)
    world.stand()
    first, second = post(world, buyer), post(world, buyer)
    join(world, cranker, first)
    world.fails("StandingTooLow", joining(world, second, cranker), signers=[cranker])


def test_exposed_stake_does_not_vouch_for_stake_that_arrives(
    world: World, buyer: Actor, cranker: Actor
) -> None:
    world.mint_to(cranker, 3 * EXPOSED)
    stake(world, cranker, EXPOSED + BOND)
    world.stand()
    first, second = post(world, buyer), post(world, buyer)
    join(world, cranker, first)
    stake(world, cranker, EXPOSED + BOND)
    world.warp_to(stored(world, second).deadline)
    world.fails("StandingTooLow", joining(world, second, cranker), signers=[cranker])


def test_the_collateral_of_a_seat_joins_nothing(world: World, buyer: Actor, cranker: Actor) -> None:
    world.mint_to(cranker, 100 * NLOV + EXPOSED - 1)
    stake(world, cranker, 100 * NLOV + EXPOSED - 1)
    seat(world, cranker, 0, 100 * NLOV)
    world.stand()
    task = post(world, buyer)
    world.warp_to(stored(world, task).deadline)
    world.fails("StandingTooLow", joining(world, task, cranker), signers=[cranker])


def test_turns_count_what_stood_and_not_what_arrives(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    """Stake that arrives after the posting makes nobody's turn earlier or later."""
    world.warp(1)
    turns = {owner: first_slot(world, task, owner) for owner in members}
    owner = max(turns, key=lambda each: turns[each])
    world.mint_to(owner, 100 * STAKED)
    stake(world, owner, 100 * STAKED)
    world.warp_to(turns[owner] - 1)
    world.fails("BeforeTurn", joining(world, task, owner), signers=[owner])
    world.warp(1)
    world.send(joining(world, task, owner), signers=[owner])


def test_an_extension_counts_what_stood_before_it(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    newcomer = world.actor("newcomer", tokens=STAKED)
    stake(world, newcomer, STAKED)
    world.warp_to(stored(world, task).deadline)
    world.fails("StandingTooLow", joining(world, task, newcomer), signers=[newcomer])
    run(world, task, dict(zip(members, (1, 2, 3), strict=False)))
    decide(world, cranker, task)
    assert stored(world, task).round == 2
    join(world, newcomer, task)
    assert stored(world, task).runs[3].provider == newcomer.key


def test_an_operator_joins_within_its_budget(
    world: World, task: PostedTask, members: list[Actor], operator: Actor
) -> None:
    owner = members[0]
    world.warp(PARAMS.claim_max_delay_slots + 1)
    attempt = joining(world, task, owner, operator)
    world.fails("NotOperator", attempt, signers=[operator])
    appoint(world, owner, operator, EXPOSED + BOND - 1)
    refusal = world.fails("OperatorBudgetExceeded", attempt, signers=[operator])
    assert refusal.program == "staking"
    appoint(world, owner, operator, EXPOSED + BOND)
    sent = world.send(attempt, signers=[operator])
    assert sent.only(redundancy.TaskJoined).provider == owner.key
    held = position(world, owner)
    assert (held.exposed, held.operator_exposed) == (EXPOSED + BOND, EXPOSED + BOND)
    assert exposure(world, task, owner).payer == operator.key


def test_a_task_keeps_its_terms(world: World, buyer: Actor, members: list[Actor]) -> None:
    for join_slots in (300, 600, 750):
        renew(world, {"join_slots": join_slots})
    task = post(world, buyer)
    first = terms_of(world, task)
    renew(world, {"bond_bps": 8_000, "join_kappa": 20})
    attempt = joining(world, task, members[0])
    other = with_account(attempt, first, world.terms)
    world.fails("WrongTerms", other, signers=[members[0]])
    world.send(attempt, signers=[members[0]])
    held = exposure(world, task, members[0])
    assert (held.amount, held.bond) == (EXPOSED, BOND)


def test_rounds_the_bond_up(world: World, buyer: Actor, members: list[Actor]) -> None:
    task = post(world, buyer, price=NLOV // 100 + 1)
    join(world, members[0], task)
    assert stored(world, task).runs[0].bond == NLOV // 200 + 1
    assert exposure(world, task, members[0]).amount == NLOV // 10 + 10


def test_attack_14_what_a_run_exposes_cannot_leave(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    owner = members[0]
    join(world, owner, task)
    free = position(world, owner).amount - EXPOSED - BOND
    ticket = staking.ticket_address(owner.key, 0)

    world.fails(
        "InsufficientFreeStake",
        staking.request_unstake(amount=free + 1, owner=owner.key, ticket=ticket),
        signers=[owner],
    )


def test_refuses_somebody_elses_stake(world: World, task: PostedTask, members: list[Actor]) -> None:
    owner, other = members[:2]
    world.warp(PARAMS.claim_max_delay_slots + 1)
    stolen = with_account(
        joining(world, task, owner),
        staking.position_address(owner.key),
        staking.position_address(other.key),
    )
    world.fails("NotOperator", stolen, signers=[owner])


def test_attack_01_the_provider_must_sign(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    world.fails("AccountNotSigner", unsigned(joining(world, task, members[0]), members[0].key))


def test_attack_10_a_sysvar_that_is_none(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    owner = members[0]
    fake = with_account(joining(world, task, owner), SLOT_HASHES, members[1].key)
    world.fails("WrongSlotHashes", fake, signers=[owner])


@pytest.mark.parametrize("program", [staking.ID, SYSTEM_PROGRAM])
def test_attack_06_fake_programs(
    world: World, task: PostedTask, members: list[Actor], program: Pubkey
) -> None:
    attempt = with_account(joining(world, task, members[0]), program, redundancy.ID)
    world.fails("InvalidProgramId", attempt, signers=[members[0]])
