"""Whole lives of tasks: who is paid, who loses a bond, and that tokens are conserved."""

from keeper.lab.market.stakers import position
from keeper.lab.market.tasks import (
    PostedTask,
    close,
    closing_joining,
    commit,
    comparing,
    decide,
    empty_escrow,
    expire,
    join,
    release,
    reveal,
    run,
    stored,
)
from neurolov_client import escrow, redundancy, shard_of, staking
from neurolov_client.bindings.redundancy import RunState, State
from tests.world import NLOV, Actor, World

STAKED = 1_000 * NLOV
PRICE = NLOV
FEE = PRICE // 20
TIP = NLOV // 100
BOND = NLOV // 2
POSTING_FEE = 10_000_000


def wind_up(world: World, task: PostedTask, runners: list[Actor], cranker: Actor) -> None:
    """Every party takes what it is owed, and everything closes."""
    for index, runner in enumerate(runners):
        release(world, task, index, runner)
        assert not world.exists(staking.exposure_address(task.address, runner.key))
        assert position(world, runner).exposed == 0
    empty_escrow(world, task, [*runners, cranker])
    rent = world.lamports(task.buyer.key)
    close(world, task)
    assert world.lamports(task.buyer.key) > rent
    for address in (task.address, task.escrow, task.vault):
        assert not world.exists(address)
    world.check_conserved()


def test_three_agree_at_once(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    runners = members[:3]
    run(world, task, dict.fromkeys(runners, 1))
    assert stored(world, task).state == State.DECIDING
    event = decide(world, cranker, task).only(redundancy.TaskDecided)
    assert (event.state, event.paid) == (State.SETTLED, 0b111)
    assert (event.credited, event.fee) == (3 * (PRICE - FEE) + TIP, 3 * FEE)
    wind_up(world, task, runners, cranker)
    assert [world.tokens(each) for each in runners] == [PRICE - FEE] * 3
    assert world.tokens(cranker) == TIP
    assert world.tokens(task.buyer) == 100 * NLOV - POSTING_FEE - 3 * PRICE - TIP
    assert [position(world, each).amount for each in runners] == [STAKED] * 3


def test_one_liar_is_not_paid_and_loses_nothing(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    honest, other, liar = runners = members[:3]
    run(world, task, {honest: 1, other: 2, liar: 9})
    world.send(comparing(task, honest, 1), signers=[honest])
    world.send(comparing(task, other, 0), signers=[other])
    world.send(comparing(task, liar, 0, 1), signers=[liar])
    event = decide(world, cranker, task).only(redundancy.TaskDecided)
    assert (event.state, event.paid) == (State.SETTLED, 0b011)
    wind_up(world, task, runners, cranker)
    assert [world.tokens(each) for each in runners] == [PRICE - FEE, PRICE - FEE, 0]
    assert position(world, liar).amount == STAKED
    assert world.tokens(task.buyer) == 100 * NLOV - POSTING_FEE - 2 * PRICE - TIP


def test_one_silent_pays_the_fee_vault(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    silent, *others = runners = members[:3]
    for each in runners:
        join(world, each, task)
    commit(world, task, dict.fromkeys(others, 1))
    expire(world, cranker, task, 0, silent)
    assert stored(world, task).state == State.REVEALING
    reveal(world, task, dict.fromkeys(others, 1))
    event = decide(world, cranker, task).only(redundancy.TaskDecided)
    assert (event.state, event.paid) == (State.SETTLED, 0b110)
    wind_up(world, task, runners, cranker)
    assert [world.tokens(each) for each in runners] == [0, PRICE - FEE, PRICE - FEE]
    assert position(world, silent).amount == STAKED - BOND
    assert world.tokens(cranker) == 2 * TIP
    spent = POSTING_FEE + 2 * PRICE + 2 * TIP
    assert world.tokens(task.buyer) == 100 * NLOV - spent
    assert world.tokens(escrow.fees_address(shard_of(task.address))) == 2 * FEE + BOND


def test_disagreement_is_settled_by_more_runs(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    """Three outputs differ; two more runs confirm one of them."""
    runners = members[:5]
    run(world, task, dict(zip(runners, (1, 2, 3), strict=False)))
    event = decide(world, cranker, task).only(redundancy.TaskDecided)
    assert (event.state, event.paid, event.credited) == (State.JOINING, 0, 0)
    assert (event.k, event.n, event.round) == (3, 5, 2)
    run(world, task, dict.fromkeys(runners[3:], 1))
    event = decide(world, cranker, task).only(redundancy.TaskDecided)
    assert (event.state, event.paid) == (State.SETTLED, 0b11001)
    wind_up(world, task, runners, cranker)
    paid = PRICE - FEE
    assert [world.tokens(each) for each in runners] == [paid, 0, 0, paid, paid]
    assert world.tokens(task.buyer) == 100 * NLOV - POSTING_FEE - 3 * PRICE - 2 * TIP


def test_lasting_disagreement_burns_half_of_every_price(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    runners = members[:5]
    run(world, task, dict(zip(runners, (1, 2, 3), strict=False)))
    decide(world, cranker, task)
    run(world, task, dict(zip(runners[3:], (4, 5), strict=True)))
    event = decide(world, cranker, task).only(redundancy.TaskDecided)
    assert (event.state, event.paid, event.credited) == (State.UNDECIDED, 0, 2 * TIP)
    assert event.burned == 5 * PRICE // 2
    wind_up(world, task, runners, cranker)
    assert [world.tokens(each) for each in runners] == [0] * 5
    assert [position(world, each).amount for each in runners] == [STAKED] * 5
    spent = POSTING_FEE + 5 * PRICE // 2 + 2 * TIP
    assert world.tokens(task.buyer) == 100 * NLOV - spent
    assert world.burned() == POSTING_FEE + 5 * PRICE // 2


def test_a_task_that_too_few_join_is_refunded(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    join(world, members[0], task)
    world.warp_to(stored(world, task).deadline + 1)
    closing = closing_joining(world, task, cranker)
    event = world.send(closing, signers=[cranker]).only(redundancy.JoiningClosed)
    assert (event.state, event.joined, event.credited) == (State.CANCELLED, 1, TIP)
    wind_up(world, task, members[:1], cranker)
    assert world.tokens(task.buyer) == 100 * NLOV - POSTING_FEE - TIP
    assert position(world, members[0]).amount == STAKED


def test_a_commitment_stays_hidden_while_others_are_sought(
    world: World, task: PostedTask, members: list[Actor], cranker: Actor
) -> None:
    """Two of three are silent; nobody may copy what the third committed."""
    first, *silent = members[:3]
    for each in members[:3]:
        join(world, each, task)
    commit(world, task, {first: 1})
    for index, each in enumerate(silent, start=1):
        expire(world, cranker, task, index, each)
    decide(world, cranker, task)
    held = stored(world, task)
    assert (held.state, held.runs[0].state) == (State.JOINING, RunState.COMMITTED)
    assert held.runs[0].root == bytes(32)
    newcomers = members[3:5]
    for each in newcomers:
        join(world, each, task)
    commit(world, task, dict.fromkeys(newcomers, 1))
    reveal(world, task, dict.fromkeys([first, *newcomers], 1))
    decide(world, cranker, task)
    wind_up(world, task, members[:5], cranker)
    paid = PRICE - FEE
    assert [world.tokens(each) for each in members[:5]] == [paid, 0, 0, paid, paid]
    spent = POSTING_FEE + 3 * PRICE + 4 * TIP
    assert world.tokens(task.buyer) == 100 * NLOV - spent
