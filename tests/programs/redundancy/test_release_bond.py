from idl.client import redundancy, staking
from keeper.lab.market.stakers import position
from keeper.lab.market.tasks import PostedTask, expire, post, release, run, stored
from tests.world import NLOV, Actor, World, with_account

STAKED = 1_000 * NLOV


def test_returns_bond_and_rent(world: World, settled: PostedTask, runners: list[Actor]) -> None:
    owner = runners[1]
    exposure = staking.exposure_address(settled.address, owner.key)
    rent, before = world.lamports(exposure), world.lamports(owner.key)
    sent = world.send(redundancy.release_bond(run=1, task=settled.address, owner=owner.key))
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
    decision = redundancy.decide(cranker=cranker.key, task=running.address)
    world.send(decision, signers=[cranker])
    world.warp_to(stored(world, running).deadline + 1)
    closing = closing_joining(world, running, cranker)
    world.send(closing, signers=[cranker])
    release(world, running, 0, runners[0])
    assert not world.exists(staking.exposure_address(running.address, runners[0].key))
    assert position(world, runners[0]).amount == STAKED - NLOV // 10


def test_refuses_before_the_end(world: World, comparing: PostedTask, runners: list[Actor]) -> None:
    early = redundancy.release_bond(run=0, task=comparing.address, owner=runners[0].key)
    world.fails("TaskNotEnded", early)


def test_attack_15_refuses_a_second_time(
    world: World, settled: PostedTask, runners: list[Actor]
) -> None:
    release(world, settled, 0, runners[0])
    again = redundancy.release_bond(
        run=0,
        task=settled.address,
        owner=runners[0].key,
        exposure=staking.exposure_address(settled.address, runners[1].key),
    )
    world.fails("AlreadyReleased", again)


def test_refuses_a_run_that_is_none(
    world: World, settled: PostedTask, runners: list[Actor]
) -> None:
    none = redundancy.release_bond(run=3, task=settled.address, owner=runners[0].key)
    world.fails("NoSuchRun", none)


def test_gives_the_rent_to_nobody_else(
    world: World, settled: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    other = redundancy.release_bond(run=0, task=settled.address, owner=runners[1].key)
    world.fails("WrongRun", other)
    right = redundancy.release_bond(run=0, task=settled.address, owner=runners[0].key)
    world.fails("WrongRun", with_account(right, runners[0].key, cranker.key))


def test_releases_no_bond_of_another_task(
    world: World, settled: PostedTask, buyer: Actor, runners: list[Actor]
) -> None:
    other = post(world, buyer)
    run(world, other, dict.fromkeys(runners, 1))
    swapped = redundancy.release_bond(
        run=0,
        task=settled.address,
        owner=runners[0].key,
        exposure=staking.exposure_address(other.address, runners[0].key),
    )
    world.fails("WrongRun", swapped)
