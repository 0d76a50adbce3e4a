"""Why a training ends early."""

from keeper.errors import KeeperError


class TrainingError(KeeperError):
    """What was committed is not what a step needs, or nothing happens any more."""


class FallenError(TrainingError):
    """A result that steps were built on does not stand; `step` is the first to make again."""

    def __init__(self, step: int, message: str) -> None:
        super().__init__(message)
        self.step = step
