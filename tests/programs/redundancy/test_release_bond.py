from keeper.lab.market.stakers import appoint, position
from keeper.lab.market.tasks import (
    PostedTask,
    closing_joining,
    commit,
    decide,
    expire,
    join,
    post,
    release,
    releasing,
    reveal,
    run,
    stored,
)
from neurolov_client import redundancy, staking
from tests.world import NLOV, Actor, World, with_account

STAKED = 1_000 * NLOV


def test_returns_bond_and_rent(world: World, settled: PostedTask, runners: list[Actor]) -> None:
    owner = runners[1]
    exposure = staking.exposure_address(settled.address, owner.key)
    rent, before = world.lamports(exposure), world.lamports(owner.key)
    sent = release(world, settled, 1, owner)
    assert not world.exists(exposure)
    assert world.lamports(owner.key) == before + rent
    assert (position(world, owner).amount, position(world, owner).exposed) == (STAKED, 0)
    held = stored(world, settled)
    assert [each.released for each in held.runs[:3]] == [0, 1, 0]
    event = sent.only(redundancy.BondReleased)
    assert (event.run, event.provider, event.envelope.sequence) == (1, owner.key, held.sequence)
    assert sent.units <= 20_000


def test_a_silent_run_gets_its_rent(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    for index, runner in enumerate(runners):
        expire(world, cranker, running, index, runner)
    decide(world, cranker, running)
    world.warp_to(stored(world, running).deadline + 1)
    closing = closing_joining(world, running, cranker)
    world.send(closing, signers=[cranker])
    release(world, running, 0, runners[0])
    assert not world.exists(staking.exposure_address(running.address, runners[0].key))
    assert position(world, runners[0]).amount == STAKED - NLOV // 2


def test_refuses_before_the_end(world: World, comparing: PostedTask, runners: list[Actor]) -> None:
    world.fails("TaskNotEnded", releasing(world, comparing, 0, runners[0]))


def test_attack_15_refuses_a_second_time(
    world: World, settled: PostedTask, runners: list[Actor]
) -> None:
    release(world, settled, 0, runners[0])
    world.fails("AlreadyReleased", releasing(world, settled, 0, runners[1]))


def test_refuses_a_run_that_is_none(
    world: World, settled: PostedTask, runners: list[Actor]
) -> None:
    world.fails("NoSuchRun", releasing(world, settled, 3, runners[0]))


def test_gives_the_rent_to_nobody_else(
    world: World, settled: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    world.fails("WrongRun", releasing(world, settled, 0, runners[1]))
    right = releasing(world, settled, 0, runners[0])
    stolen = world.fails("WrongExposure", with_account(right, runners[0].key, cranker.key))
    assert stolen.program == "staking"


def test_gives_the_operator_the_rent_that_it_paid(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor, operator: Actor
) -> None:
    owner, *others = members[:3]
    appoint(world, owner, operator, 100 * NLOV)
    join(world, owner, task, operator)
    for each in others:
        join(world, each, task)
    outputs = dict.fromkeys([owner, *others], 1)
    commit(world, task, outputs)
    reveal(world, task, outputs)
    decide(world, cranker, task)
    rent = world.lamports(staking.exposure_address(task.address, owner.key))
    before = [world.lamports(each.key) for each in (owner, operator)]
    release(world, task, 0, owner)
    after = [world.lamports(each.key) for each in (owner, operator)]
    assert after == [before[0], before[1] + rent]
    held = position(world, owner)
    assert (held.operator_exposed, held.operator_budget) == (0, 100 * NLOV)


def test_releases_no_bond_of_another_task(
    world: World, settled: PostedTask, buyer: Actor, runners: list[Actor]
) -> None:
    other = post(world, buyer)
    run(world, other, dict.fromkeys(runners, 1))
    swapped = with_account(
        releasing(world, settled, 0, runners[0]),
        staking.exposure_address(settled.address, runners[0].key),
        staking.exposure_address(other.address, runners[0].key),
    )
    world.fails("WrongRun", swapped)
