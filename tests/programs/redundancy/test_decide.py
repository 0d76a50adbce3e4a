import pytest
from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.tasks import (
    PostedTask,
    commit,
    decide,
    deciding,
    expire,
    join,
    post,
    run,
    stored,
    terms_of,
)
from keeper.lab.market.tasks import comparing as saying
from neurolov_client import SYSTEM_PROGRAM, escrow, redundancy
from neurolov_client.bindings.redundancy import State
from tests.programs.redundancy.renewing import renew
from tests.world import NLOV, Actor, World, unsigned, with_account

PARAMS = LOCALNET_PARAMETERS.redundancy

TIP = NLOV // 100
NET = NLOV - NLOV // 20


def credits_of(world: World, task: PostedTask) -> dict[Pubkey, int]:
    """Returns the amount that the task's escrow owes each party."""
    held = world.fetch(escrow.Escrow, task.escrow)
    return {entry.party: entry.amount for entry in held.credits[: held.credit_count]}


def test_pays_who_agrees(
    world: World, comparing: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    for index, others in enumerate([(1,), (0,), (0, 1)]):
        world.send(saying(comparing, runners[index], *others), signers=[runners[index]])
    sent = world.send(deciding(world, comparing, cranker), signers=[cranker])
    held, purse = stored(world, comparing), world.fetch(escrow.Escrow, comparing.escrow)
    assert (held.state, held.paid) == (State.SETTLED, 0b011)
    assert (purse.state, purse.fee) == (1, 2 * (NLOV // 20))
    assert credits_of(world, comparing) == {
        runners[0].key: NET,
        runners[1].key: NET,
        cranker.key: TIP,
    }
    event = sent.only(redundancy.TaskDecided)
    assert (event.credited, event.fee) == (2 * NET + TIP, purse.fee)
    assert event.envelope.sequence == held.sequence
    assert sent.units <= 40_000


def test_one_word_is_no_agreement(
    world: World, comparing: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    world.send(saying(comparing, runners[0], 1, 2), signers=[runners[0]])
    decide(world, cranker, comparing)
    assert stored(world, comparing).state == State.JOINING


def test_a_chain_pays_both_its_sets(
    world: World, comparing: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    """Each pair that agrees is a set of two; the middle run is in both and paid once."""
    for index, others in enumerate([(1,), (0, 2), (1,)]):
        world.send(saying(comparing, runners[index], *others), signers=[runners[index]])
    decide(world, cranker, comparing)
    assert stored(world, comparing).paid == 0b111
    paid = credits_of(world, comparing)
    assert [paid[runner.key] for runner in runners] == [NET] * 3


def test_asks_for_two_more(world: World, comparing: PostedTask, cranker: Actor) -> None:
    decide(world, cranker, comparing)
    held = stored(world, comparing)
    assert (held.state, held.k, held.n, held.round) == (State.JOINING, 3, 5, 2)
    assert (held.posted_slot, held.deadline) == (world.slot, world.slot + PARAMS.join_slots)
    purse = world.fetch(escrow.Escrow, comparing.escrow)
    assert (purse.state, purse.credited) == (0, 0)


@pytest.mark.parametrize(
    ("max_runs", "state", "n"), [(3, State.UNDECIDED, 3), (5, State.JOINING, 5)]
)
def test_asks_for_no_more_than_was_paid_for(
    *,
    world: World,
    buyer: Actor,
    runners: list[Actor],
    cranker: Actor,
    max_runs: int,
    state: State,
    n: int,
) -> None:
    task = post(world, buyer, max_runs=max_runs)
    run(world, task, dict(zip(runners, (1, 2, 3), strict=True)))
    decide(world, cranker, task)
    held = stored(world, task)
    assert (held.state, held.n) == (state, n)
    assert credits_of(world, task) == ({cranker.key: TIP} if n == 3 else {})


@pytest.mark.parametrize("price", [NLOV, NLOV + 1])
def test_an_undecided_task_burns_half_the_price_of_every_run_that_committed(
    *, world: World, buyer: Actor, members: list[Actor], cranker: Actor, price: int
) -> None:
    """One of five is silent; the four that committed cost the buyer two prices, which nobody gets.

    An odd sum is rounded up.
    """
    task = post(world, buyer, n=5, max_runs=5, price=price)
    runners = members[:5]
    for runner in runners:
        join(world, runner, task)
    outputs = dict(zip(runners[:4], range(4), strict=True))
    commit(world, task, outputs)
    expire(world, cranker, task, 4, runners[4])
    world.warp_to(stored(world, task).deadline + 1)
    for index, runner in enumerate(runners[:4]):
        expire(world, cranker, task, index, runner)
    vault, burned = world.tokens(task.vault), world.burned()
    event = decide(world, cranker, task).only(redundancy.TaskDecided)
    cost = 2 * price
    purse = world.fetch(escrow.Escrow, task.escrow)
    assert (event.state, event.paid, event.fee) == (State.UNDECIDED, 0, 0)
    assert (event.burned, event.credited) == (cost, 6 * TIP)
    assert (purse.state, purse.burned, purse.fee) == (1, cost, 0)
    assert (world.burned(), world.tokens(task.vault)) == (burned + cost, vault - cost)
    world.fails("WrongState", deciding(world, task, cranker), signers=[cranker])
    world.check_conserved()


def test_the_fee_is_that_of_the_tasks_terms(
    world: World, task: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    """Terms that are applied while the task runs change neither its fee nor its windows."""
    first = terms_of(world, task)
    run(world, task, dict.fromkeys(runners, 1))
    renew(world, {"join_slots": 200}, escrow={"fee_bps": 1_000})
    assert world.terms != first
    other = with_account(deciding(world, task, cranker), first, world.terms)
    world.fails("WrongTerms", other, signers=[cranker])
    event = decide(world, cranker, task).only(redundancy.TaskDecided)
    assert (event.credited, event.fee) == (3 * NET + TIP, 3 * (NLOV // 20))


def test_seven_runs_are_searched_within_the_limit(
    world: World, buyer: Actor, members: list[Actor], cranker: Actor
) -> None:
    task = post(world, buyer, n=7, max_runs=7)
    runners = members[:7]
    run(world, task, dict(zip(runners, range(7), strict=True)))
    for index, runner in enumerate(runners):
        others = [other for other in range(7) if other != index]
        world.send(saying(task, runner, *others), signers=[runner])
    sent = decide(world, cranker, task)
    assert stored(world, task).paid == 0b111_1111
    assert sent.units <= 60_000


def test_waits_for_the_comparisons(world: World, comparing: PostedTask, cranker: Actor) -> None:
    world.warp_to(stored(world, comparing).deadline)
    world.fails("DeadlineAhead", deciding(world, comparing, cranker), signers=[cranker])
    world.warp(1)
    world.send(deciding(world, comparing, cranker), signers=[cranker])


@pytest.mark.parametrize("stage", ["task", "running", "revealing", "settled"])
def test_refuses_in_every_other_state(
    world: World, cranker: Actor, stage: str, request: pytest.FixtureRequest
) -> None:
    task: PostedTask = request.getfixturevalue(stage)
    world.warp(1_000)
    world.fails("WrongState", deciding(world, task, cranker), signers=[cranker])


def test_refuses_another_tasks_escrow(
    world: World, comparing: PostedTask, buyer: Actor, cranker: Actor
) -> None:
    other = post(world, buyer)
    world.warp_to(stored(world, comparing).deadline + 1)
    stolen = with_account(deciding(world, comparing, cranker), comparing.escrow, other.escrow)
    world.fails("WrongEscrow", stolen, signers=[cranker])


def test_attack_01_the_cranker_must_sign(
    world: World, comparing: PostedTask, cranker: Actor
) -> None:
    world.fails("AccountNotSigner", unsigned(deciding(world, comparing, cranker), cranker.key))


def test_attack_06_a_fake_escrow_program(
    world: World, comparing: PostedTask, cranker: Actor
) -> None:
    world.warp_to(stored(world, comparing).deadline + 1)
    fake = with_account(deciding(world, comparing, cranker), escrow.ID, SYSTEM_PROGRAM)
    world.fails("InvalidProgramId", fake, signers=[cranker])
