"""How a buyer's tasks ended: the chain forgets a task once its rent is returned."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.files import replace_atomically
from keeper.tolerant.decisions.state import Task

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
    """A task as it stands; `trust` says that no fraud proof backs its result."""

    task: str
    trust: str
    state: str
    kernel: str
    quorum: str
    round: int
    max_runs: int
    runs: list[RunRecord]

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


def record_of(task: Task) -> TaskRecord:
    """Returns what is known of a task."""
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
    )


class TaskArchive:
    """Records of ended tasks, one file per task."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, task: Task) -> TaskRecord:
        """Write a task's record and return it."""
        record = record_of(task)
        with replace_atomically(self._path(task.address)) as file:
            file.write(json.dumps(asdict(record), sort_keys=True).encode())
        return record

    def get(self, task: Pubkey) -> TaskRecord | None:
        """Returns how a task ended, None when this node does not know."""
        try:
            document = json.loads(self._path(task).read_bytes())
        except FileNotFoundError:
            return None
        document["runs"] = [RunRecord(**run) for run in document["runs"]]
        return TaskRecord(**document)

    def _path(self, task: Pubkey) -> Path:
        return self._root / f"{task}{RECORD_SUFFIX}"
