"""Accounts of tasks as types that decisions read."""

from solders.pubkey import Pubkey

from keeper.node.accounts import url_text
from keeper.tolerant.decisions.codes import RunState, TaskState
from keeper.tolerant.decisions.state import Run, Task
from kernels.custom import Element, Tolerance
from neurolov_client import redundancy


def task_of(address: Pubkey, account: redundancy.Task) -> Task:
    """Returns a Task account as a task."""
    bounds = account.tolerance
    return Task(
        address=address,
        buyer=account.buyer,
        kernel=account.kernel,
        input=account.input,
        source=url_text(account.source),
        output_bytes=account.output_bytes,
        element=Element(account.element),
        tolerance=Tolerance.from_bits(bounds.absolute, bounds.relative, bounds.ulp),
        price=account.price,
        k=account.k,
        n=account.n,
        max_runs=account.max_runs,
        state=TaskState(account.state),
        round=account.round,
        paid=account.paid,
        posted_slot=account.posted_slot,
        deadline=account.deadline,
        terms=account.terms,
        runs=tuple(
            Run(
                index=index,
                provider=run.provider,
                root=run.root,
                bond=run.bond,
                state=RunState(run.state),
                round=run.round,
                agrees=run.agrees,
                compared=run.compared,
                released=bool(run.released),
            )
            for index, run in enumerate(account.runs[: account.joined])
        ),
    )
