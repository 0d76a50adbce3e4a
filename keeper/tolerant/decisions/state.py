"""What the chain says about a task, as far as a decision needs it. All times are slots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from solders.pubkey import Pubkey

from keeper.node.decisions.escrow import Escrow
from keeper.tolerant.decisions.codes import RunState, TaskState
from kernels.custom import Element, Tolerance
from neurolov_client.bindings.redundancy import MIN_TASK_RUNS


def has_ended(state: TaskState) -> bool:
    """Returns whether nothing but collecting is left to do in this state."""
    return state >= TaskState.SETTLED


@dataclass(frozen=True, slots=True)
class Run:
    """One provider's execution.

    `root` is known once revealed. Bit i of `agrees` says that run i's output agrees with this one,
    as its provider told. `compared` is the latest round in which it told, 0 for none.
    """

    index: int
    provider: Pubkey
    root: bytes
    bond: int
    state: RunState
    round: int
    agrees: int
    compared: int
    released: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A posted task.

    `price` is base units per paid run; k of n runs have to agree, and at most `max_runs` are paid
    for. `kernel` and `input` are the SHA-256 of the kernel package and of the input manifest.
    `terms` is the version of the terms that the task keeps, `deadline` the state's last slot.
    """

    address: Pubkey
    buyer: Pubkey
    kernel: bytes
    input: bytes
    source: str
    output_bytes: int
    element: Element
    tolerance: Tolerance
    price: int
    k: int
    n: int
    max_runs: int
    state: TaskState
    round: int
    paid: int
    posted_slot: int
    deadline: int
    terms: int
    runs: tuple[Run, ...]

    def run_of(self, provider: Pubkey) -> Run | None:
        """Returns the provider's run, None when it did not join."""
        return next((run for run in self.runs if run.provider == provider), None)

    def rivals_of(self, own: Run) -> Iterator[Run]:
        """Yields the revealed runs of others whose output differs in some byte."""
        for run in self.runs:
            if run.state is RunState.REVEALED and run.index != own.index and run.root != own.root:
                yield run

    @property
    def freed_at_closing(self) -> Run | None:
        """The last run of an even number, which closing frees because only odd numbers decide."""
        starts = self.round == 1 and len(self.runs) > MIN_TASK_RUNS
        return self.runs[-1] if starts and len(self.runs) % 2 == 0 else None

    @property
    def ended(self) -> bool:
        """Whether nothing but collecting is left to do."""
        return has_ended(self.state)

    @property
    def paid_runs(self) -> tuple[Run, ...]:
        """The runs that agreed, once the task is settled."""
        return tuple(run for run in self.runs if self.paid >> run.index & 1)


@dataclass(frozen=True, slots=True)
class TaskSnapshot:
    """A task with its escrow.

    `payers` are the keys that paid for exposures whose account may be closed next, by provider.
    `version` differs after every change. `sequences` are the programs and sequence numbers of the
    accounts behind it.
    """

    task: Task
    escrow: Escrow | None
    payers: Mapping[Pubkey, Pubkey] = field(default_factory=dict)
    version: str = ""
    sequences: tuple[tuple[str, int], ...] = ()

    @property
    def paid(self) -> int | None:
        """Base units that the buyer has paid so far, None where the escrow is closed."""
        return None if self.escrow is None else self.escrow.paid_by(self.task.buyer)

    @property
    def address(self) -> Pubkey:
        """The task's address."""
        return self.task.address
