"""The end of a process that still computes."""

import os
import threading
from typing import Final

INTERRUPTED: Final = 130
"""The exit status of a process that was interrupted."""


def end_within(seconds: float) -> None:
    """End this process as interrupted after some seconds, whatever its threads still compute.

    Nothing can stop a thread in the middle of an execution, which may take minutes. A role may be
    killed at any point, because what has to survive it is on disk before it is used.
    """
    timer = threading.Timer(seconds, os._exit, (INTERRUPTED,))
    timer.daemon = True
    timer.start()
