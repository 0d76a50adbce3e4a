"""Which role works on a node's folder: roles that would undo each other's work take turns."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

from keeper.errors import BadInputError
from keeper.locks import Locks

FOLDER: Final = "roles"


class Role(StrEnum):
    """What a process does with a folder for as long as it runs."""

    PROVIDER = "provider"
    VERIFIER = "verifier"
    CRANK = "crank"


# A provider and a verifier would drop the data that the other one keeps.
_PLACES: Final = {Role.PROVIDER: "work", Role.VERIFIER: "work"}


class RoleTakenError(BadInputError):
    """Another process works on this folder, and the two would undo each other's work."""


@contextmanager
def occupied(folder: Path, role: Role) -> Iterator[None]:
    """Hold a role of a node's folder while the block runs, or until the process ends.

    Raises RoleTakenError, which names the process that holds it.
    """
    locks, place = Locks(folder / FOLDER), _PLACES.get(role, role)
    held = locks.take(place, note=role)
    if held is None:
        process, doing = locks.holder(place) or ("another", role)
        raise RoleTakenError(
            f"process {process} is the {doing} of folder {folder} already; end it first, or name "
            "another --folder"
        )
    with held:
        yield
