"""Kills a process in the middle of what it does to files: nothing is cleaned up, as by kill -9."""

import os
from collections.abc import Callable, Iterator

KILLED = 9
STEPS = ("fsync", "replace", "unlink")


def kills(operation: Callable[[], None]) -> Iterator[None]:
    """Runs the operation again and again in processes that die before the n-th step on files.

    Yields after each such death, for n = 1, 2, ..., until the operation gets to its end.
    """
    step = 1
    while _dies(operation, step):
        yield
        step += 1
    assert step > 1, "the operation takes no step"


def _dies(operation: Callable[[], None], step: int) -> bool:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _die_before(step)
            operation()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, KILLED), "the operation failed by itself"
    return code == KILLED


def _die_before(step: int) -> None:
    left = step

    def deadly(call: Callable[..., object]) -> Callable[..., object]:
        def stepped(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(KILLED)
            return call(*arguments, **named)

        return stepped

    for name in STEPS:
        setattr(os, name, deadly(getattr(os, name)))
