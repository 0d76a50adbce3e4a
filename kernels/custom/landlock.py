"""Restricts which files the process of a custom kernel may open: libraries, drivers and devices.

Landlock (https://docs.kernel.org/userspace-api/landlock.html) also keeps the process from tracing
every process outside and from reading its memory.
"""

import ctypes
import errno
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

import kernels

# Environment variable for drivers that live elsewhere: paths separated as in PATH.
FURTHER_PATHS = "NEUROLOV_DRIVER_PATHS"

_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_HANDLED = _EXECUTE | _WRITE | _READ | _LIST
_USE = _EXECUTE | _READ | _LIST
# The numbers are the same on all architectures.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_BENEATH = 1
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/opt", "/sys", "/proc", "/nix")
_DRIVERS = ("/run/opengl-driver", "/run/nvidia", "/var/lib/nvidia")
_PATH_VARIABLES = ("LD_LIBRARY_PATH", "XDG_DATA_DIRS", FURTHER_PATHS)


class _Rules(ctypes.Structure):
    """linux/landlock.h: struct landlock_ruleset_attr, first version."""

    _fields_ = (("handled", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    """linux/landlock.h: struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def restrict_files() -> bool:
    """Restricts this thread to the files that Vulkan and Python need.

    Returns False where the system has no Landlock. Threads that exist already are not restricted.
    Needs no_new_privs. Raises OSError where the system refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    asked = _Rules(_HANDLED)
    rules = libc.syscall(_CREATE, ctypes.byref(asked), ctypes.sizeof(asked), 0)
    if rules < 0:
        code = ctypes.get_errno()
        if code in (errno.ENOSYS, errno.EOPNOTSUPP):
            return False
        raise OSError(code, os.strerror(code))
    try:
        for path, allowed in _allowed():
            _add(libc, rules, path, allowed)
        if libc.syscall(_RESTRICT, rules, 0) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
    finally:
        os.close(rules)
    return True


def _allowed() -> Iterator[tuple[Path, int]]:
    package = Path(kernels.__file__).parent
    yield package, _USE
    # Grants only the names in this folder, so that modules are found: a checkout may hold keys
    # beside the package.
    yield package.parent, _LIST
    for path in _paths(package.parent):
        yield path, _USE
    yield Path("/dev"), _USE | _WRITE


def _paths(root: Path) -> Iterator[Path]:
    yield from map(Path, (*_SYSTEM, *_DRIVERS, sys.prefix, sys.base_prefix))
    yield from map(Path, sysconfig.get_paths().values())
    for name, value in os.environ.items():
        if name in _PATH_VARIABLES:
            yield from _entries(value)
        elif name.startswith("VK_"):
            yield from (entry.parent if entry.is_file() else entry for entry in _entries(value))
    yield from (entry for entry in map(Path, sys.path) if entry != root and entry.is_dir())


def _entries(value: str) -> Iterable[Path]:
    return [Path(entry) for entry in value.split(os.pathsep) if entry.startswith("/")]


def _add(libc: ctypes.CDLL, rules: int, path: Path, allowed: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            allowed &= ~_LIST
        beneath = _Beneath(allowed, parent)
        if libc.syscall(_ADD, rules, _BENEATH, ctypes.byref(beneath), 0) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(path))
    finally:
        os.close(parent)
