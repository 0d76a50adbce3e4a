"""Tasks that run several times: settled at once or by more runs, undecided, and abandoned."""

from keeper.lab.bench.recording import RecordingSandbox
from keeper.lab.market import tasks
from keeper.lab.market.actor import Actor
from keeper.lab.market.tasks import PostedTask

RUNNERS = 7


def play_tasks(sandbox: RecordingSandbox, crank: Actor) -> None:
    """Plays every end of a task, pays everybody, and closes every account of it."""
    buyer = sandbox.person("task buyer")
    runners = [sandbox.person(f"runner {number}") for number in range(RUNNERS)]
    for runner in runners:
        sandbox.stake(runner)
    sandbox.stand()
    _compared(sandbox, buyer, crank, runners[:3])
    _undecided(sandbox, buyer, crank, runners[:5])
    _silent(sandbox, buyer, crank, runners[:3])
    for joined in (2, 4):
        _abandoned(sandbox, buyer, crank, runners[:joined])
    _crowded(sandbox, buyer, crank, runners)


def _compared(sandbox: RecordingSandbox, buyer: Actor, crank: Actor, runners: list[Actor]) -> None:
    """Two of three outputs agree within the tolerance."""
    task = tasks.post(sandbox, buyer)
    tasks.run(sandbox, task, {runner: output for output, runner in enumerate(runners)})
    agreeing = ((1,), (0,), ())
    for runner, others in zip(runners, agreeing, strict=True):
        sandbox.send(tasks.comparing(task, runner, *others), signers=[runner])
    tasks.decide(sandbox, crank, task)
    _close(sandbox, task, crank, runners)


def _undecided(sandbox: RecordingSandbox, buyer: Actor, crank: Actor, runners: list[Actor]) -> None:
    """Five outputs differ, after an extension by two runs."""
    task = tasks.post(sandbox, buyer)
    outputs = {runner: output for output, runner in enumerate(runners)}
    for round_ in (runners[:3], runners[3:]):
        tasks.run(sandbox, task, {runner: outputs[runner] for runner in round_})
        tasks.decide(sandbox, crank, task)
    _close(sandbox, task, crank, runners)


def _silent(sandbox: RecordingSandbox, buyer: Actor, crank: Actor, runners: list[Actor]) -> None:
    """One provider of three never commits."""
    task = tasks.post(sandbox, buyer)
    for runner in runners:
        tasks.join(sandbox, runner, task)
    outputs = dict.fromkeys(runners[1:], 1)
    tasks.commit(sandbox, task, outputs)
    tasks.expire(sandbox, crank, task, 0, runners[0])
    tasks.reveal(sandbox, task, outputs)
    tasks.decide(sandbox, crank, task)
    _close(sandbox, task, crank, runners)


def _abandoned(sandbox: RecordingSandbox, buyer: Actor, crank: Actor, runners: list[Actor]) -> None:
    """Fewer join than the five that the task asks for: an even number lets the last one go."""
    task = tasks.post(sandbox, buyer, n=5)
    for runner in runners:
        tasks.join(sandbox, runner, task)
    sandbox.warp_to(tasks.stored(sandbox, task).deadline + 1)
    sandbox.send(tasks.closing_joining(sandbox, task, crank), signers=[crank])
    held = tasks.stored(sandbox, task)
    staying = runners[: held.joined]
    if len(staying) >= held.n:
        outputs = dict.fromkeys(staying, 1)
        tasks.commit(sandbox, task, outputs)
        tasks.reveal(sandbox, task, outputs)
        tasks.decide(sandbox, crank, task)
    _close(sandbox, task, crank, staying)


def _crowded(sandbox: RecordingSandbox, buyer: Actor, crank: Actor, runners: list[Actor]) -> None:
    """As many runs as a task can have."""
    task = tasks.post(sandbox, buyer, n=len(runners), max_runs=len(runners))
    tasks.run(sandbox, task, dict.fromkeys(runners, 1))
    tasks.decide(sandbox, crank, task)
    _close(sandbox, task, crank, runners)


def _close(sandbox: RecordingSandbox, task: PostedTask, crank: Actor, runners: list[Actor]) -> None:
    for number, runner in enumerate(runners):
        tasks.release(sandbox, task, number, runner)
    tasks.empty_escrow(sandbox, task, [*runners, crank])
    tasks.close(sandbox, task)
