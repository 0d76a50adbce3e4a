"""What a buyer offers for a task."""

from dataclasses import dataclass

from keeper.errors import BadInputError
from neurolov_client import escrow
from neurolov_client.bindings.redundancy import MAX_TASK_RUNS, MIN_TASK_RUNS, PAID_CRANK_STEPS


class RunCountError(BadInputError):
    """n or max_runs is a number of runs that no task can have."""


@dataclass(frozen=True, slots=True)
class TaskOffer:
    """What a buyer offers: the price per paid run and the tip per crank step, in base units.

    The majority of n runs have to agree. While they do not, more are run, up to `max_runs`. Raises
    RunCountError unless both are odd and 3 <= n <= max_runs <= 7.
    """

    price: int
    tip: int
    n: int = 3
    max_runs: int = 5

    def __post_init__(self) -> None:
        odd = self.n % 2 == self.max_runs % 2 == 1
        if not odd or not MIN_TASK_RUNS <= self.n <= self.max_runs <= MAX_TASK_RUNS:
            raise RunCountError(
                f"n {self.n}, at most {self.max_runs} runs: choose odd numbers from "
                f"{MIN_TASK_RUNS} to {MAX_TASK_RUNS}, and at least n runs at most"
            )

    @property
    def locked(self) -> escrow.Deposit:
        """What the escrow has to hold."""
        return escrow.Deposit(
            price=self.price * self.max_runs,
            verification=0,
            tips=self.tip * PAID_CRANK_STEPS,
            urgency=0,
        )

    def total(self, posting_fee: int) -> int:
        """Returns the base units that leave the buyer's account when the task is posted."""
        return self.locked.price + self.locked.tips + posting_fee
