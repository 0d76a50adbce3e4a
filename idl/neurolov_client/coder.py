"""What the generated accounts, events, instructions and errors have in common."""

import enum
import struct
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Final, Self, cast

from solders.pubkey import Pubkey

from neurolov_client.codec import (
    UNFIT,
    Codec,
    Layout,
    MalformedError,
    codec_of,
    struct_codec,
)
from neurolov_client.records import Record

DISCRIMINATOR_BYTES: Final = 8


class AccountDataError(ValueError):
    """The bytes are not an account or event of the expected type."""


class WrongOwnerError(AccountDataError):
    """The account belongs to another program."""


class WrongDiscriminatorError(AccountDataError):
    """The data have the discriminator of another account type, or none."""


class ShortDataError(AccountDataError):
    """The data end before the account's layout does."""


class Account(Record):
    """Base of the generated account types."""

    __slots__ = ()
    PROGRAM: ClassVar[str]
    PROGRAM_ID: ClassVar[Pubkey]
    DISCRIMINATOR: ClassVar[bytes]
    SIZE: ClassVar[int | None]
    """Bytes including the discriminator; None where they depend on the value."""
    OFFSETS: ClassVar[Mapping[str, int]]
    """Byte offset in the account's data of each field with a fixed one, for memcmp filters."""

    @classmethod
    def decode(cls, data: bytes, *, owner: Pubkey | None = None) -> Self:
        """Returns the account, after checking owner (where given), discriminator and length.

        Raises WrongOwnerError, WrongDiscriminatorError, ShortDataError, or AccountDataError where
        a field holds what its type does not know.
        """
        if owner is not None and owner != cls.PROGRAM_ID:
            raise WrongOwnerError(
                f"{cls.__name__}: owned by {owner}, not by {cls.PROGRAM} ({cls.PROGRAM_ID})"
            )
        if data[:DISCRIMINATOR_BYTES] != cls.DISCRIMINATOR:
            raise WrongDiscriminatorError(
                f"{cls.__name__}: discriminator {data[:DISCRIMINATOR_BYTES].hex() or 'missing'}, "
                f"expected {cls.DISCRIMINATOR.hex()}"
            )
        return cast(Self, _decoded(cls, data))


class Event(Record):
    """Base of the generated event types."""

    __slots__ = ()
    PROGRAM: ClassVar[str]
    PROGRAM_ID: ClassVar[Pubkey]
    DISCRIMINATOR: ClassVar[bytes]

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Returns the event in the bytes of a "Program data:" line, whose type is known already.

        Raises ShortDataError, or AccountDataError where a field holds what its type does not know.
        """
        return cast(Self, _decoded(cls, data))


def _decoded(kind: type[Record], data: bytes) -> Record:
    # mypy holds that a class whose instances have `__hash__` is not itself hashable.
    codec = struct_codec(cast(Any, kind))
    try:
        found: Record = codec.read(data, DISCRIMINATOR_BYTES)[0]
    except struct.error as error:
        size = DISCRIMINATOR_BYTES + struct.calcsize(codec.item) if codec.item else "more"
        raise ShortDataError(f"{kind.__name__}: {len(data)} bytes, expected {size}") from error
    except MalformedError as error:
        raise AccountDataError(f"{kind.__name__}: {error}") from error
    return found


class ErrorCode(enum.Enum):
    """Base of the generated error enums; each member's value is (code, message)."""

    @property
    def code(self) -> int:
        return int(self.value[0])

    @property
    def message(self) -> str:
        return str(self.value[1])


class InstructionData:
    """The name, discriminator and arguments of an instruction."""

    def __init__(self, name: str, discriminator: bytes, arguments: Layout, module: str) -> None:
        """`module` defines the types that the arguments name."""
        self.name = name
        self.discriminator = discriminator
        self.arguments = arguments
        self._module = module

    @cached_property
    def _codecs(self) -> tuple[tuple[str, Codec], ...]:
        return tuple((name, codec_of(kind, self._module)) for name, kind in self.arguments)

    def encode(self, **arguments: Any) -> bytes:
        """Returns the instruction's data; raises ValueError where an argument does not fit."""
        parts = [self.discriminator]
        for name, codec in self._codecs:
            try:
                parts.append(codec.write(arguments[name]))
            except UNFIT as error:
                raise ValueError(
                    f"{self.name}: an argument does not fit its type: {name}: {error}"
                ) from error
        return b"".join(parts)


__all__ = [
    "DISCRIMINATOR_BYTES",
    "Account",
    "AccountDataError",
    "ErrorCode",
    "Event",
    "InstructionData",
    "ShortDataError",
    "WrongDiscriminatorError",
    "WrongOwnerError",
]
