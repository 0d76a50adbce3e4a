"""Sends a request to a process and reads its answer, of bounded length and in bounded time."""

import os
import selectors
import signal
import subprocess
from contextlib import suppress
from time import monotonic
from typing import IO

CHUNK = 1 << 16
COMPLAINT_BYTES = 1 << 14


class TooSlow(TimeoutError):  # noqa: N818
    """The process did not end in time."""


class TooLong(ValueError):  # noqa: N818
    """The process wrote more than the limit."""


def exchange(
    process: subprocess.Popen[bytes], request: bytes, seconds: float, most: int
) -> tuple[bytes, bytes]:
    """Returns all of the process's standard output and the end of its standard error.

    Waits until the process ends, for at most `seconds`. The whole process group is dead when this
    returns or raises. Raises TooSlow after `seconds`, TooLong above `most` bytes of output.
    """
    try:
        answer, complaint = _piped(process, memoryview(request), monotonic() + seconds, most)
        process.wait(max(0.0, seconds))
        return answer, complaint
    except subprocess.TimeoutExpired:
        raise TooSlow from None
    finally:
        # The group lives on as long as any of its members does, even without its leader.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _piped(
    process: subprocess.Popen[bytes], request: memoryview, deadline: float, most: int
) -> tuple[bytes, bytes]:
    asked, told, complained = process.stdin, process.stdout, process.stderr
    assert asked is not None
    assert told is not None
    assert complained is not None
    heard: dict[IO[bytes], bytearray] = {told: bytearray(), complained: bytearray()}
    with selectors.DefaultSelector() as waiting:
        os.set_blocking(asked.fileno(), False)
        waiting.register(asked, selectors.EVENT_WRITE)
        for source in heard:
            waiting.register(source, selectors.EVENT_READ)
        while waiting.get_map():
            left = deadline - monotonic()
            if left <= 0:
                raise TooSlow
            for key, _ in waiting.select(left):
                if key.fileobj is asked:
                    request = _written(asked, request)
                    if not request:
                        waiting.unregister(asked)
                        with suppress(BrokenPipeError):
                            asked.close()
                    continue
                source = told if key.fileobj is told else complained
                data = os.read(source.fileno(), CHUNK)
                heard[source] += data
                if not data:
                    waiting.unregister(source)
            del heard[complained][:-COMPLAINT_BYTES]
            if len(heard[told]) > most:
                raise TooLong
    return bytes(heard[told]), bytes(heard[complained])


def _written(pipe: IO[bytes], request: memoryview) -> memoryview:
    """Returns the part still to be written; empty once the reader has closed the pipe."""
    try:
        return request[os.write(pipe.fileno(), request[:CHUNK]) :]
    except BlockingIOError:
        return request
    except BrokenPipeError:
        return request[:0]
