"""How a buyer's tasks ended, with their outputs: the chain forgets a task that is closed."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.files import replace_atomically
from keeper.node.buying.results import Result, kept_path, read_result, suffix_of, write_result
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.state import TaskSnapshot

FOLDER = "task-records"
RECORD_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One provider's run.

    `agrees` lists the runs whose output agrees with its own, as the provider told.
    """

    provider: str
    state: str
    root: str | None
    agrees: list[int]
    paid: bool


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task as it stands; `trust` says that no fraud proof backs its result.

    `paid` is what the buyer has paid in base units, None where its escrow is closed and in records
    of old. `output` says whether the output is kept here.
    """

    task: str
    trust: str
    state: str
    kernel: str
    quorum: str
    round: int
    max_runs: int
    runs: list[RunRecord]
    posted_slot: int | None = None
    paid: int | None = None
    output: bool = False

    @property
    def settled(self) -> bool:
        """Whether the task was paid for."""
        return self.state == TaskState.SETTLED.name.lower()

    @property
    def lines(self) -> list[str]:
        """The same as text."""
        runs = [
            f"run {index} by {run.provider}: {run.state}"
            + (f", root {run.root[:16]}, agrees with {run.agrees}" if run.root else "")
            + (", paid" if run.paid else "")
            for index, run in enumerate(self.runs)
        ]
        head = f"task {self.task} ({self.trust}): {self.state}, {self.quorum} have to agree"
        return [head, *runs]


TRUST = "tolerant class, no fraud proof"


def record_of(snapshot: TaskSnapshot, *, output: bool = False) -> TaskRecord:
    """Returns what is known of a task; `output` says whether its output is kept."""
    task = snapshot.task
    return TaskRecord(
        task=str(task.address),
        trust=TRUST,
        state=task.state.name.lower(),
        kernel=task.kernel.hex(),
        quorum=f"{task.k} of {task.n}",
        round=task.round,
        max_runs=task.max_runs,
        runs=[
            RunRecord(
                provider=str(run.provider),
                state=run.state.name.lower(),
                root=run.root.hex() if any(run.root) else None,
                agrees=[
                    other.index
                    for other in task.runs
                    if other.index != run.index
                    and any(other.root)
                    and (other.root == run.root or run.agrees >> other.index & 1)
                ],
                paid=bool(task.paid >> run.index & 1),
            )
            for run in task.runs
        ],
        posted_slot=task.posted_slot,
        paid=snapshot.paid,
        output=output,
    )


class TaskArchive:
    """Records of ended tasks, one file per task, each beside the output where there is one."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, snapshot: TaskSnapshot, output: Result | None) -> TaskRecord:
        """Write a task's record, with its outputs where there are some, and return it."""
        task = snapshot.task
        record = record_of(snapshot, output=output is not None)
        if output is not None:
            with replace_atomically(self._root / f"{task.address}{suffix_of(output)}") as file:
                write_result(file, output)
        with replace_atomically(self._record_path(task.address)) as file:
            file.write(json.dumps(asdict(record), sort_keys=True).encode())
        return record

    def get(self, task: Pubkey) -> TaskRecord | None:
        """Returns how a task ended, None when this node does not know."""
        try:
            return _read(self._record_path(task))
        except FileNotFoundError:
            return None

    def records(self) -> list[TaskRecord]:
        """Returns how every task ended that this node knows."""
        return [_read(path) for path in self._root.glob(f"*{RECORD_SUFFIX}")]

    def output(self, task: Pubkey) -> Result | None:
        """Returns the elements of what is kept, None where there is nothing."""
        return read_result(self._root, str(task))

    def path(self, task: Pubkey) -> Path:
        """Returns where a task's output is kept, if it is."""
        return kept_path(self._root, str(task))

    def _record_path(self, task: Pubkey) -> Path:
        return self._root / f"{task}{RECORD_SUFFIX}"


def _read(path: Path) -> TaskRecord:
    document = json.loads(path.read_bytes())
    document["runs"] = [RunRecord(**run) for run in document["runs"]]
    return TaskRecord(**document)
