"""A buyer that joins its own task by other keys and disagrees, to see outputs for nothing."""

import pytest

from keeper.lab.market.stakers import position, stake
from keeper.lab.market.tasks import (
    PostedTask,
    commit,
    decide,
    empty_escrow,
    expire,
    join,
    lock,
    locked,
    offer_of,
    open_buyer,
    post,
    providers,
    release,
    reveal,
    stored,
)
from neurolov_client import escrow, shard_of, staking
from neurolov_client.bindings.redundancy import State
from tests.programs.redundancy.test_post_task import posting_of
from tests.world import NLOV, Actor, World

STAKED = 1_000 * NLOV
POSTING_FEE = 10_000_000
TIP = NLOV // 100
FUNDS = 1_000 * NLOV


@pytest.fixture
def buyer(world: World) -> Actor:
    """A buyer with 1,000 NLOV."""
    return world.actor("buyer", tokens=FUNDS)


def own_keys(world: World, number: int) -> list[Actor]:
    """Returns keys of the buyer with stake that counts."""
    keys = [world.actor(f"own {each}", tokens=STAKED) for each in range(number)]
    for key in keys:
        stake(world, key, STAKED)
    world.stand()
    return keys


def spent(world: World, task: PostedTask, everybody: list[Actor]) -> int:
    """Winds the task up; returns what it cost the buyer besides posting, in base units.

    The buyer cranks every step itself, so the tips return to it.
    """
    for index, owner in enumerate(everybody):
        release(world, task, index, owner)
    empty_escrow(world, task, [task.buyer, *everybody])
    world.check_conserved()
    return FUNDS - world.tokens(task.buyer) - POSTING_FEE


@pytest.mark.parametrize(("n", "honest_price"), [(3, 1.5), (5, 2.5), (7, 3.5)])
def test_c6_blocking_costs_more_than_the_outputs_are_worth(
    world: World, buyer: Actor, n: int, honest_price: float
) -> None:
    """The honest runs of a blocked task were free: 1 to 3 NLOV of work for 0.

    Blocking takes (n + 1) / 2 own keys, and costs 1.5 NLOV for one output, 2.5 for two and 3.5 for
    three. Nobody receives that money.
    """
    honest = providers(world, n // 2)
    own = own_keys(world, n - n // 2)
    task = post(world, buyer, n=n, max_runs=n)
    everybody = {**dict.fromkeys(honest, 1), **{key: 50 + at for at, key in enumerate(own)}}
    for owner in everybody:
        join(world, owner, task)
    commit(world, task, everybody)
    reveal(world, task, everybody)
    burned = world.burned()
    decide(world, buyer, task)
    assert stored(world, task).state == State.UNDECIDED
    cost = spent(world, task, list(everybody))
    assert cost == int(honest_price * NLOV) > len(honest) * NLOV
    assert world.burned() - burned == cost
    assert [world.tokens(each) for each in everybody] == [0] * n
    assert [position(world, each).amount for each in everybody] == [STAKED] * n


@pytest.mark.parametrize(("n", "own"), [(3, 1), (5, 2), (7, 3)])
def test_c6_a_minority_of_own_keys_blocks_nothing(
    world: World, buyer: Actor, n: int, own: int
) -> None:
    """With k = n one key blocked any number of honest runs. Now the honest majority is paid."""
    honest, keys = providers(world, n - own), own_keys(world, own)
    task = post(world, buyer, n=n, max_runs=n)
    everybody = {**dict.fromkeys(honest, 1), **{key: 50 + at for at, key in enumerate(keys)}}
    for owner in everybody:
        join(world, owner, task)
    commit(world, task, everybody)
    reveal(world, task, everybody)
    decide(world, buyer, task)
    assert stored(world, task).state == State.SETTLED
    assert spent(world, task, list(everybody)) == len(honest) * NLOV
    assert [world.tokens(each) for each in honest] == [NLOV - NLOV // 20] * len(honest)
    assert [world.tokens(each) for each in keys] == [0] * own


@pytest.mark.parametrize("n", [2, 4, 6])
def test_c6_an_even_number_of_runs_is_refused(world: World, buyer: Actor, n: int) -> None:
    open_buyer(world, buyer)
    offer = offer_of(n=n, max_runs=7)
    locking = lock(world, buyer, 0, locked(offer))
    world.fails("InvalidRunCount", locking, posting_of(world, buyer, offer), signers=[buyer])
    assert world.tokens(buyer) == FUNDS


@pytest.mark.parametrize(("committing", "cost", "bonds"), [(0, NLOV // 2, 2), (1, NLOV, 1)])
def test_c6_silent_keys_do_not_make_the_honest_run_free(
    *, world: World, buyer: Actor, committing: int, cost: int, bonds: int
) -> None:
    """Where both own keys are silent, the honest run stays hidden and costs 0.5 NLOV.

    Where one of them commits, the honest output is opened for 1 NLOV. Each silence costs 0.1 NLOV
    besides.
    """
    (honest,), own = providers(world, 1), own_keys(world, 2)
    everybody = [honest, *own]
    task = post(world, buyer, n=3, max_runs=3)
    for owner in everybody:
        join(world, owner, task)
    outputs = {honest: 1, **dict.fromkeys(own[:committing], 50)}
    commit(world, task, outputs)
    for index in range(1 + committing, 3):
        expire(world, buyer, task, index, everybody[index])
    if committing:
        reveal(world, task, outputs)
    decide(world, buyer, task)
    assert stored(world, task).state == State.UNDECIDED
    assert any(stored(world, task).runs[0].root) == bool(committing)
    assert spent(world, task, everybody) == cost
    lost = sum(STAKED - position(world, key).amount for key in own)
    assert lost == bonds * (NLOV // 2)
    assert position(world, honest).amount == STAKED


def test_c6_a_buyer_that_serves_nothing_earns_no_bond(world: World, buyer: Actor) -> None:
    """Seven bonds went to a buyer that kept its data to itself. Now its profit is 0."""
    price = 50 * NLOV
    honest = providers(world, 7)
    task = post(world, buyer, n=7, max_runs=7, price=price)
    fees = escrow.fees_address(shard_of(task.address))
    for owner in honest:
        join(world, owner, task)
    for index, owner in enumerate(honest):
        expire(world, buyer, task, index, owner)
    decide(world, buyer, task)
    assert stored(world, task).state == State.UNDECIDED
    assert world.tokens(fees) == 7 * price // 2
    assert spent(world, task, honest) == 0
    assert [STAKED - position(world, each).amount for each in honest] == [price // 2] * 7
    assert not world.exists(staking.exposure_address(task.address, honest[0].key))
