"""What the process of a custom kernel gives up before it reads the kernel: processes, sockets,
files.

WGSL has none of them. The confinement is for sources that exploit a fault in the compiler or the
driver.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernels.custom.errors import ContainmentUnavailable
from kernels.custom.landlock import restrict_files

OPEN_FILES = 256
NICENESS = 5

# linux/seccomp.h, linux/bpf_common.h
_MODE_FILTER, _TSYNC, _NO_NEW_PRIVILEGES = 1, 1, 38
_ALLOW, _ERRNO, _KILL = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_X32 = 0x4000_0000
_CLONE_THREAD = 0x0001_0000
_CREATES = os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True, slots=True)
class _Machine:
    """System call numbers of one architecture; `audit` is its code in linux/audit.h."""

    audit: int
    seccomp: int
    clone: int
    openat: int
    signals: tuple[int, int]
    prlimit: int
    # Only x86 has the old `open` call, whose flags are in another argument.
    open: int | None
    refused: tuple[int, ...]


# `refused` lists, in order: sockets and socket pairs; other programs; memory of other processes;
# signals to other processes; io_uring, bpf, perf, userfaultfd, keys; namespaces; removing,
# renaming, linking, truncating, creating and changing files.
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000_003E,
        seccomp=317,
        clone=56,
        openat=257,
        signals=(62, 234),
        prlimit=302,
        open=2,
        refused=(
            *(41, 53, 59, 322, 57, 58, 101, 310, 311, 438, 129, 200, 297, 424),
            *(425, 321, 298, 323, 248, 249, 250, 272, 308),
            *(87, 263, 84, 82, 264, 316, 86, 265, 88, 266, 76, 85, 83, 258, 133, 259),
            *(90, 91, 268, 452, 92, 93, 94, 260),
        ),
    ),
    "aarch64": _Machine(
        audit=0xC000_00B7,
        seccomp=277,
        clone=220,
        openat=56,
        signals=(129, 131),
        prlimit=261,
        open=None,
        refused=(
            *(198, 199, 221, 281, 117, 270, 271, 438, 138, 130, 240, 424),
            *(425, 280, 241, 282, 217, 218, 219, 97, 268),
            *(35, 38, 276, 37, 36, 45, 34, 33, 52, 53, 452, 54, 55),
        ),
    ),
}
# clone3 and openat2 hide their arguments in memory. Told that these calls do not exist, callers
# fall back to the ones whose arguments the filter can see.
_UNKNOWN = (435, 437)


def containable() -> bool:
    """Returns whether this system can confine a process."""
    return sys.platform.startswith("linux") and platform.machine() in _MACHINES


def confine() -> None:
    """Gives up, for this process and for good, everything that no kernel needs.

    From then on the process cannot make a socket, another process or another program, and cannot
    create, empty, remove or grow a file. It holds at most OPEN_FILES descriptors, dumps no core and
    runs at lower priority. Where the system has Landlock, the process opens only libraries, drivers
    and devices. Threads and files that are already open stay. Raises ContainmentUnavailable where
    the system refuses.
    """
    os.nice(NICENESS)
    # A driver that writes a file should get an error instead of being killed.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        hard = resource.getrlimit(kind)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise _refusal("give up new privileges")
    try:
        restrict_files()
    except OSError as error:
        raise ContainmentUnavailable(f"files cannot be restricted: {error}") from error
    _filter_calls(libc)


def _refusal(what: str) -> ContainmentUnavailable:
    return ContainmentUnavailable(
        f"this system refuses to {what}: {os.strerror(ctypes.get_errno())}"
    )


def _filter_calls(libc: ctypes.CDLL) -> None:
    machine = _MACHINES[platform.machine()]
    program = b"".join(
        code.to_bytes(2, sys.byteorder) + bytes((yes, no)) + value.to_bytes(4, sys.byteorder)
        for code, yes, no, value in _program(machine)
    )
    filters = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // 8, ctypes.addressof(filters))
    if libc.syscall(machine.seccomp, _MODE_FILTER, _TSYNC, ctypes.byref(described)) != 0:
        raise _refusal("filter system calls")


class _Program(ctypes.Structure):
    """linux/filter.h: struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


_Step = tuple[int, int, int, int]


def _program(machine: _Machine) -> Iterator[_Step]:
    yield _LOAD, 0, 0, _ARCH_AT
    yield _EQUAL, 1, 0, machine.audit
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER_AT
    yield _AT_LEAST, 0, 1, _X32
    yield _RETURN, 0, 0, _ERRNO | errno.EPERM
    for number in machine.refused:
        yield from _call(number, [(_RETURN, 0, 0, _ERRNO | errno.EPERM)])
    for number in _UNKNOWN:
        yield from _call(number, [(_RETURN, 0, 0, _ERRNO | errno.ENOSYS)])
    yield from _judged(machine.clone, 0, (_BITS, _CLONE_THREAD), allowed=True)
    yield from _judged(machine.openat, 2, (_BITS, _CREATES), allowed=False)
    if machine.open is not None:
        yield from _judged(machine.open, 1, (_BITS, _CREATES), allowed=False)
    for number in machine.signals:
        yield from _judged(number, 0, (_EQUAL, os.getpid()), allowed=True)
    yield from _judged(machine.prlimit, 0, (_EQUAL, 0), allowed=True)
    yield _RETURN, 0, 0, _ALLOW


def _judged(number: int, argument: int, test: tuple[int, int], *, allowed: bool) -> Iterator[_Step]:
    """Yields the filter of a call that is decided by the low half of one of its arguments."""
    verdicts = [_ERRNO | errno.EPERM, _ALLOW]
    code, value = test
    yield from _call(
        number,
        [
            (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument),
            (code, 0, 1, value),
            (_RETURN, 0, 0, verdicts[allowed]),
            (_RETURN, 0, 0, verdicts[not allowed]),
        ],
    )


def _call(number: int, steps: Sequence[_Step]) -> Iterator[_Step]:
    yield _EQUAL, 0, len(steps), number
    yield from steps
