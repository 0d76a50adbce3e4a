"""Converts IDLs to the older form that anchorpy reads; no other module knows that form.

anchorpy 0.21 reads the IDL of Anchor before 0.30 and derives discriminators from names. This module
gives it the current IDL in that form and keeps the discriminators in the IDL, so that a program
that overrides one is still addressed correctly.
"""

import json
from collections.abc import Mapping
from typing import Any

from anchorpy.coder.coder import Coder
from anchorpy_core.idl import Idl
from construct import ConstructError

from neurolov_client.schema import (
    DISCRIMINATOR_BYTES,
    Array,
    Defined,
    Enumeration,
    Field,
    Option,
    Primitive,
    ProgramSchema,
    Struct,
    Type,
    Vector,
)


def legacy_idl(program: ProgramSchema) -> dict[str, Any]:
    """Returns the program's IDL in the form that Anchor wrote before 0.30.

    Enums become their index byte: that is how Borsh writes an enum without data, and callers then
    need none of anchorpy's run-time enum classes.
    """
    accounts = {each.name for each in program.accounts}
    return {
        "version": "0.1.0",
        "name": program.name,
        "instructions": [
            {"name": each.name, "accounts": [], "args": _fields(program, each.arguments)}
            for each in program.instructions
        ],
        "accounts": [_struct(program, program.struct(name)) for name in sorted(accounts)],
        "events": [
            {
                "name": each.name,
                "fields": [
                    {**field, "index": False}
                    for field in _fields(program, program.struct(each.name).fields)
                ],
            }
            for each in program.events
        ],
        "types": [
            _struct(program, definition)
            for definition in program.reachable()
            if isinstance(definition, Struct) and definition.name not in accounts
        ],
        "errors": [
            {"code": each.code, "name": each.name, "msg": each.message} for each in program.errors
        ],
        "metadata": {"address": program.address},
    }


def _struct(program: ProgramSchema, struct: Struct) -> dict[str, Any]:
    return {
        "name": struct.name,
        "type": {"kind": "struct", "fields": _fields(program, struct.fields)},
    }


def _fields(program: ProgramSchema, fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    return [{"name": field.name, "type": _type(program, field.type)} for field in fields]


def _type(program: ProgramSchema, kind: Type) -> Any:
    match kind:
        case Primitive(name):
            return "publicKey" if name == "pubkey" else name
        case Option(inner):
            return {"option": _type(program, inner)}
        case Vector(inner):
            return {"vec": _type(program, inner)}
        case Array(inner, length):
            return {"array": [_type(program, inner), length]}
        case Defined(name) if isinstance(program.definitions[name], Enumeration):
            return "u8"
        case Defined(name):
            return {"defined": name}


class BorshCoder:
    """Borsh by anchorpy, with the IDL's own discriminators."""

    def __init__(self, program: ProgramSchema) -> None:
        self._coder = Coder(Idl.from_json(json.dumps(legacy_idl(program))))
        self._instructions = {each.name: each.discriminator for each in program.instructions}

    def instruction(self, name: str, arguments: Mapping[str, Any]) -> bytes:
        """Returns instruction data; raises ValueError where an argument does not fit its type."""
        try:
            body = self._coder.instruction.ix_layout[name].build(dict(arguments))
        except (ConstructError, TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"{name}: an argument does not fit its type: {error}") from error
        return self._instructions[name] + bytes(body)

    def account(self, name: str, data: bytes) -> Any:
        """Returns anchorpy's object for an account's bytes; raises ValueError on short data."""
        frame = self._coder.accounts.acc_name_to_discriminator[name]
        try:
            return self._coder.accounts.parse(frame + data[DISCRIMINATOR_BYTES:]).data
        except ConstructError as error:
            raise ValueError(f"{name}: {error}") from error

    def event(self, name: str, data: bytes) -> Any:
        """Returns anchorpy's object for an event's bytes; raises ValueError on short data."""
        try:
            return self._coder.events.layouts[name].parse(data[DISCRIMINATOR_BYTES:])
        except ConstructError as error:
            raise ValueError(f"{name}: {error}") from error
