"""Ctrl-C before a command's own work: the process ends at once and prints nothing.

There is nothing to clean up yet, and an exception could come in the middle of an import. This
module imports nothing of ours, since it is the first one that the command line loads.
"""

import os
import signal

INTERRUPTED = 130


def leave_when_interrupted() -> None:
    """Let Ctrl-C end the process until `begin_work`.

    A process whose parent ignores interrupts, as one in the background may, goes on ignoring them.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def begin_work() -> None:
    """Let Ctrl-C raise KeyboardInterrupt from now on."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(*_: object) -> None:
    os._exit(INTERRUPTED)
