"""Random values of an IDL's types: as anchorpy takes them, and as the generated types."""

from types import ModuleType
from typing import Any

from hypothesis import strategies as st
from solders.pubkey import Pubkey

from idl.generation.rendering.definitions import is_padding
from idl.generation.rendering.source import identifier
from idl.generation.schema import (
    PRIMITIVE_BYTES,
    Array,
    Defined,
    Enumeration,
    Option,
    Primitive,
    ProgramSchema,
    Type,
    Vector,
)


def plain(program: ProgramSchema, kind: Type) -> st.SearchStrategy[Any]:
    """Returns a strategy of values of a type, with structs as dictionaries and enums as codes."""
    match kind:
        case Primitive(name):
            return _primitive(name)
        case Option(inner):
            return st.none() | plain(program, inner)
        case Vector(inner):
            return st.lists(plain(program, inner), max_size=3)
        case Array(inner, length):
            return st.lists(plain(program, inner), min_size=length, max_size=length)
        case Defined(name):
            definition = program.definitions[name]
            if isinstance(definition, Enumeration):
                return st.integers(0, len(definition.variants) - 1)
            return st.fixed_dictionaries(
                {field.name: plain(program, field.type) for field in definition.fields}
            )


def _primitive(name: str) -> st.SearchStrategy[Any]:
    match name:
        case "bool":
            return st.booleans()
        case "pubkey":
            return st.binary(min_size=32, max_size=32).map(Pubkey)
        case "bytes":
            return st.binary(max_size=80)
    bits = 8 * PRIMITIVE_BYTES[name]
    if name.startswith("u"):
        return st.integers(0, 2**bits - 1)
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def typed(program: ProgramSchema, module: ModuleType, kind: Type, value: Any) -> Any:
    """Returns a value of `plain` as the generated types of the program's module have it."""
    match kind:
        case Array(Primitive("u8"), _):
            return bytes(value)
        case Option(inner):
            return None if value is None else typed(program, module, inner, value)
        case Vector(inner) | Array(inner, _):
            return tuple(typed(program, module, inner, each) for each in value)
        case Defined(name):
            definition = program.definitions[name]
            if isinstance(definition, Enumeration):
                return getattr(module, name)(value)
            fields = [each for each in definition.fields if not is_padding(each, definition)]
            return getattr(module, name)(
                **{
                    identifier(each.name): typed(program, module, each.type, value[each.name])
                    for each in fields
                }
            )
    return value
