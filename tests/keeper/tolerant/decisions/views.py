"""Task snapshots to decide on, with defaults of a task that waits for providers."""

from dataclasses import replace
from typing import Any

from solders.pubkey import Pubkey

from keeper.node.decisions.escrow import Credit, Escrow
from keeper.tolerant.decisions.codes import RunState, TaskState
from keeper.tolerant.decisions.state import Run, Task, TaskSnapshot
from kernels.custom import Element, Tolerance


def key(number: int) -> Pubkey:
    return Pubkey(bytes([number] * 32))


TASK, BUYER, ME, CRANK = key(1), key(2), key(3), key(4)
POSTED, DEADLINE = 100, 250
VERSION = 3


def task(state: TaskState = TaskState.JOINING, *runs: Run, **fields: Any) -> Task:
    base = Task(
        address=TASK,
        buyer=BUYER,
        kernel=bytes(32),
        input=bytes(32),
        source="http://127.0.0.1:1",
        output_bytes=64,
        element=Element.F32,
        tolerance=Tolerance(ulp=4),
        price=1_001,
        k=2,
        n=3,
        max_runs=5,
        state=state,
        round=1,
        paid=0,
        posted_slot=POSTED,
        deadline=DEADLINE,
        terms=VERSION,
        runs=runs,
    )
    return replace(base, **fields)


def run(index: int, provider: Pubkey, state: RunState = RunState.JOINED, **fields: Any) -> Run:
    base = Run(
        index=index,
        provider=provider,
        root=bytes([index] * 32),
        bond=101,
        state=state,
        round=1,
        agrees=0,
        compared=0,
        released=False,
    )
    return replace(base, **fields)


def view(found: Task, escrow: Escrow | None = None) -> TaskSnapshot:
    return TaskSnapshot(found, escrow)


def money(*credits: Credit, final: bool = True, fee_due: int = 0, balance: int = 0) -> Escrow:
    return Escrow(final, credits, fee_due, balance)
