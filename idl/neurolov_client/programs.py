"""The bindings of each program, loaded when they are first used."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final, Protocol, cast

from solders.pubkey import Pubkey

from neurolov_client.addresses import PROGRAM_IDS
from neurolov_client.coder import Account, ErrorCode, Event, InstructionData


class ProgramBindings(Protocol):
    """What every program's module has; the types and functions of one are in that module."""

    PROGRAM: str
    ID: Pubkey
    ACCOUNTS: tuple[type[Account], ...]
    EVENTS: tuple[type[Event], ...]
    INSTRUCTIONS: Mapping[str, InstructionData]
    Errors: type[ErrorCode]


class _Programs(Mapping[str, ProgramBindings]):
    def __init__(self) -> None:
        self._names = tuple(sorted(PROGRAM_IDS))

    def __getitem__(self, name: str) -> ProgramBindings:
        if name not in self._names:
            raise KeyError(name)
        return cast(ProgramBindings, import_module(f"neurolov_client.bindings.{name}"))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


PROGRAMS: Final[Mapping[str, ProgramBindings]] = _Programs()
"""Each program's module by its name."""

__all__ = ["PROGRAMS", "ProgramBindings"]
