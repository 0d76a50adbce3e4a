"""Why a training ends early."""

from keeper.errors import KeeperError


class TrainingError(KeeperError):
    """A job failed, or what was committed is not what a step needs; no further step is posted."""
