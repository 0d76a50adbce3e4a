"""For how long a node keeps the data of a job or task."""

from enum import Enum, auto


class Keeping(Enum):
    """NEEDED data stay. RETAINED data stay for the retention time. DONE means that nobody needs
    the data any more.
    """

    NEEDED = auto()
    RETAINED = auto()
    DONE = auto()
