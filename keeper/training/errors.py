"""Errors that end a training early."""

from keeper.errors import KeeperError


class TrainingError(KeeperError):
    """A committed result is not what a step needs, or the training makes no progress."""


class FallenError(TrainingError):
    """A result that later steps used was rejected; `step` is the first step to repeat."""

    def __init__(self, step: int, message: str) -> None:
        super().__init__(message)
        self.step = step
