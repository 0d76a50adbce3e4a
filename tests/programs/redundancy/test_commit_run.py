from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market.stakers import appoint
from keeper.lab.market.tasks import (
    PostedTask,
    commitment_of,
    committing,
    expire,
    join,
    stored,
    terms_of,
)
from neurolov_client import redundancy
from neurolov_client.bindings.redundancy import RunState, State
from tests.programs.redundancy.renewing import renew
from tests.world import Actor, World, unsigned, with_account

PARAMS = LOCALNET_PARAMETERS.redundancy


def test_records_a_commitment(world: World, running: PostedTask, runners: list[Actor]) -> None:
    sent = world.send(committing(world, running, runners[1], 5), signers=[runners[1]])
    held = stored(world, running)
    assert held.runs[1].state == RunState.COMMITTED
    assert held.runs[1].commitment == commitment_of(running, runners[1], 5)
    assert (held.state, held.runs[1].root) == (State.RUNNING, bytes(32))
    event = sent.only(redundancy.RunCommitted)
    assert (event.run, event.provider, event.state) == (1, runners[1].key, State.RUNNING)
    assert event.envelope.sequence == held.sequence
    assert sent.units <= 10_000


def test_the_last_commitment_opens_revealing(
    world: World, running: PostedTask, runners: list[Actor]
) -> None:
    for runner in runners:
        world.send(committing(world, running, runner, 0), signers=[runner])
    held = stored(world, running)
    assert (held.state, held.deadline) == (State.REVEALING, world.slot + PARAMS.reveal_slots)


def test_the_deadline_is_the_last_slot(
    world: World, running: PostedTask, runners: list[Actor]
) -> None:
    world.warp_to(stored(world, running).deadline)
    world.send(committing(world, running, runners[0], 0), signers=[runners[0]])
    world.warp(1)
    world.fails("DeadlinePassed", committing(world, running, runners[1], 0), signers=[runners[1]])


def test_refuses_before_all_have_joined(
    world: World, task: PostedTask, members: list[Actor]
) -> None:
    join(world, members[0], task)
    world.fails("WrongState", committing(world, task, members[0], 0), signers=[members[0]])


def test_refuses_a_second_commitment(
    world: World, running: PostedTask, runners: list[Actor]
) -> None:
    world.send(committing(world, running, runners[0], 0), signers=[runners[0]])
    world.fails("AlreadyCommitted", committing(world, running, runners[0], 1), signers=[runners[0]])


def test_refuses_who_was_counted_out(
    world: World, running: PostedTask, runners: list[Actor], cranker: Actor
) -> None:
    expire(world, cranker, running, 0, runners[0])
    world.fails("DeadlinePassed", committing(world, running, runners[0], 0), signers=[runners[0]])


def test_refuses_an_owner_that_has_not_joined(
    world: World, running: PostedTask, members: list[Actor]
) -> None:
    world.fails("NotJoined", committing(world, running, members[3], 0), signers=[members[3]])


def test_an_operator_commits_for_the_owner(
    world: World, running: PostedTask, runners: list[Actor], operator: Actor
) -> None:
    owner = runners[0]
    commitment = committing(world, running, owner, 5, operator)
    world.fails("NotOperator", commitment, signers=[operator])
    appoint(world, owner, operator, 0)
    sent = world.send(commitment, signers=[operator])
    assert sent.only(redundancy.RunCommitted).provider == owner.key
    assert stored(world, running).runs[0].commitment == commitment_of(running, owner, 5)


def test_refuses_other_terms_than_the_tasks(
    world: World, running: PostedTask, runners: list[Actor]
) -> None:
    first = terms_of(world, running)
    renew(world, {"run_slots": 301})
    other = with_account(committing(world, running, runners[0], 0), first, world.terms)
    world.fails("WrongTerms", other, signers=[runners[0]])


def test_attack_01_the_provider_must_sign(
    world: World, running: PostedTask, runners: list[Actor]
) -> None:
    forged = unsigned(committing(world, running, runners[0], 0), runners[0].key)
    world.fails("AccountNotSigner", forged)
