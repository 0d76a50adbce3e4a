"""Writes and reads values by their layout: Borsh, and the fixed layouts of zero-copy accounts.

Both lay the fields of a struct one after the other, little-endian and without gaps, so that one
codec serves both. A type of fixed size is one item of a `struct` format: a struct of them is
unpacked in one step, and nested ones are items of bytes that are unpacked in turn.
"""

import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from functools import cache
from operator import index
from typing import Any, Final, NamedTuple, TypeAlias

from solders.pubkey import Pubkey

Kind: TypeAlias = "str | tuple[str, Kind] | tuple[str, Kind, int]"
"""A type: the name of a primitive, of a struct or of an enum, `("option", inner)`,
`("vec", inner)`, or `("array", inner, length)`.
"""
Layout: TypeAlias = tuple[tuple[str, Kind], ...]
"""Name and type of each field; padding has an empty name."""

_SCALARS: Final[Mapping[str, str]] = {
    "u8": "B",
    "i8": "b",
    "u16": "H",
    "i16": "h",
    "u32": "I",
    "i32": "i",
    "f32": "f",
    "u64": "Q",
    "i64": "q",
    "f64": "d",
}
_LENGTH: Final = struct.Struct("<I")
UNFIT: Final = (struct.error, TypeError, ValueError, AttributeError, OverflowError)
"""What writing raises where a value does not fit its type."""


class MalformedError(ValueError):
    """The bytes are no value of the type, however many follow."""


class Codec(NamedTuple):
    """How values of one type are written and read."""

    write: Callable[[Any], bytes]
    """Raises one of `UNFIT`."""
    read: Callable[[bytes, int], tuple[Any, int]]
    """Returns the value at an offset, and the offset behind it. Raises struct.error where the bytes
    end early, and MalformedError.
    """
    item: str | None
    """The `struct` format of the one item that a value is; None where the size varies."""
    load: Callable[[Any], Any] | None
    """Makes the value of the item; None where the item is the value."""


def _fixed(
    item: str, load: Callable[[Any], Any] | None, write: Callable[[Any], bytes] | None = None
) -> Codec:
    packed = struct.Struct(f"<{item}")
    unpack_from, size = packed.unpack_from, packed.size

    def read(data: bytes, offset: int) -> tuple[Any, int]:
        (found,) = unpack_from(data, offset)
        return found if load is None else load(found), offset + size

    return Codec(write or packed.pack, read, item, load)


def _exactly(length: int) -> Callable[[Any], bytes]:
    def write(value: Any) -> bytes:
        if not isinstance(value, bytes | bytearray | memoryview) or len(value) != length:
            raise ValueError(f"{value!r} is not {length} bytes")
        return bytes(value)

    return write


def _boolean(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither True nor False")
    return b"\1" if value else b"\0"


def _address(value: Any) -> bytes:
    if not isinstance(value, Pubkey):
        raise TypeError(f"{value!r} is not a Pubkey")
    return bytes(value)


def _wide(signed: bool) -> Codec:
    def load(found: bytes) -> int:
        return int.from_bytes(found, "little", signed=signed)

    def write(value: Any) -> bytes:
        return index(value).to_bytes(16, "little", signed=signed)

    return _fixed("16s", load, write)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(f"{value!r} is not bytes")
    return _LENGTH.pack(len(value)) + bytes(value)


def _read_bytes(data: bytes, offset: int) -> tuple[bytes, int]:
    (length,) = _LENGTH.unpack_from(data, offset)
    start = offset + _LENGTH.size
    if start + length > len(data):
        raise struct.error(f"{length} bytes are announced and {len(data) - start} follow")
    return data[start : start + length], start + length


def _text(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return _bytes(value.encode())


def _read_text(data: bytes, offset: int) -> tuple[str, int]:
    found, end = _read_bytes(data, offset)
    try:
        return found.decode(), end
    except UnicodeDecodeError as error:
        raise MalformedError(str(error)) from error


_PRIMITIVES: Final[Mapping[str, Codec]] = {
    **{name: _fixed(item, None) for name, item in _SCALARS.items()},
    "bool": _fixed("?", None, _boolean),
    "u128": _wide(signed=False),
    "i128": _wide(signed=True),
    "pubkey": _fixed("32s", Pubkey, _address),
    "bytes": Codec(_bytes, _read_bytes, None, None),
    "string": Codec(_text, _read_text, None, None),
}


def codec_of(kind: Kind, module: str) -> Codec:
    """Returns the codec of a type; `module` is the one that defines the types it names."""
    match kind:
        case str() if kind in _PRIMITIVES:
            return _PRIMITIVES[kind]
        case str():
            return _named(getattr(sys.modules[module], kind))
        case ("option", inner):
            return _option(codec_of(inner, module))
        case ("vec", inner):
            return _vector(codec_of(inner, module))
        case ("array", "u8", length):
            return _fixed(f"{length}s", None, _exactly(length))
        case ("array", inner, length):
            return _array(codec_of(inner, module), length)
    raise TypeError(f"{kind!r} is not a type")


def _named(kind: Any) -> Codec:
    if issubclass(kind, IntEnum):
        return _enumeration(kind)
    return struct_codec(kind)


def _enumeration(kind: type[IntEnum]) -> Codec:
    def load(found: int) -> IntEnum:
        try:
            return kind(found)
        except ValueError as error:
            raise MalformedError(str(error)) from error

    return _fixed("B", load, lambda value: bytes([kind(value)]))


def _option(inner: Codec) -> Codec:
    def write(value: Any) -> bytes:
        return b"\0" if value is None else b"\1" + inner.write(value)

    def read(data: bytes, offset: int) -> tuple[Any, int]:
        (present,) = struct.unpack_from("B", data, offset)
        if present > 1:
            raise MalformedError(f"{present} is no mark of an optional value")
        return inner.read(data, offset + 1) if present else (None, offset + 1)

    return Codec(write, read, None, None)


def _sequence(value: Any) -> Sequence[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"{value!r} is not a sequence")
    return value


def _vector(inner: Codec) -> Codec:
    def write(value: Any) -> bytes:
        return _LENGTH.pack(len(_sequence(value))) + b"".join(map(inner.write, value))

    def read(data: bytes, offset: int) -> tuple[Any, int]:
        (length,) = _LENGTH.unpack_from(data, offset)
        offset += _LENGTH.size
        found = []
        for _ in range(length):
            value, offset = inner.read(data, offset)
            found.append(value)
        return tuple(found), offset

    return Codec(write, read, None, None)


def _array(inner: Codec, length: int) -> Codec:
    def write(value: Any) -> bytes:
        if len(_sequence(value)) != length:
            raise ValueError(f"{len(value)} values, expected {length}")
        return b"".join(map(inner.write, value))

    if inner.item is None:
        raise TypeError("an array of values of varying size is not supported")
    packed = struct.Struct("<" + inner.item * length)
    unpack, load_each = packed.unpack, inner.load

    def load(found: bytes) -> tuple[Any, ...]:
        return tuple(map(load_each, unpack(found))) if load_each else unpack(found)

    return _fixed(f"{packed.size}s", load, write)


@cache
def struct_codec(kind: Any) -> Codec:
    """Returns the codec of a generated type."""
    # A type that a user derives from a generated one has its fields.
    module = next(each.__module__ for each in kind.__mro__ if "LAYOUT" in each.__dict__)
    fields = [(name, codec_of(each, module)) for name, each in kind.LAYOUT]
    named = [(name, each) for name, each in fields if name]
    items = [each.item for _, each in fields]
    setters = [getattr(kind, name).__set__ for name, _ in named]
    new = object.__new__

    def write(value: Any) -> bytes:
        if not isinstance(value, kind):
            raise TypeError(f"{value!r} is not of type {kind.__name__}")
        return b"".join(
            each.write(getattr(value, name)) if name else bytes(struct.calcsize(f"<{each.item}"))
            for name, each in fields
        )

    if None in items:

        def read(data: bytes, offset: int) -> tuple[Any, int]:
            made = new(kind)
            for setter, (_, each) in zip(setters, named, strict=True):
                value, offset = each.read(data, offset)
                setter(made, value)
            return made, offset

        return Codec(write, read, None, None)

    packed = struct.Struct(
        "<" + "".join(f"{each.item}" if name else _skipped(each) for name, each in fields)
    )
    unpack, steps = packed.unpack, list(zip(setters, (each.load for _, each in named), strict=True))

    def load(found: bytes) -> Any:
        made = new(kind)
        for (setter, convert), value in zip(steps, unpack(found), strict=True):
            setter(made, value if convert is None else convert(value))
        return made

    return _fixed(f"{packed.size}s", load, write)


def _skipped(padding: Codec) -> str:
    return f"{struct.calcsize(f'<{padding.item}')}x"
