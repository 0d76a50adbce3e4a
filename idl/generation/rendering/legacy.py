"""Converts IDLs to the older form that anchorpy reads; no other module knows that form.

anchorpy 0.21 reads the IDL of Anchor before 0.30, which states no discriminators: anchorpy derives
them from names. An IDL that states others is refused, as anchorpy would address it wrongly.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from idl.generation.schema import (
    DISCRIMINATOR_BYTES,
    AccountInput,
    Array,
    Defined,
    Enumeration,
    Field,
    Option,
    Primitive,
    ProgramSchema,
    SchemaError,
    Struct,
    Type,
    Vector,
)


def legacy_json(program: ProgramSchema) -> str:
    """Returns the text of the program's older IDL, one instruction, account or type per line.

    Raises SchemaError.
    """
    sections = []
    for name, value in legacy_idl(program).items():
        if isinstance(value, list):
            lines = ",\n".join(_compact(each) for each in value)
            sections.append(f"{_compact(name)}:[\n{lines}\n]")
        else:
            sections.append(f"{_compact(name)}:{_compact(value)}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def legacy_idl(program: ProgramSchema) -> dict[str, Any]:
    """Returns the program's IDL in the form that Anchor wrote before 0.30.

    Enums become their index byte: that is how Borsh writes an enum without data, and callers then
    need none of anchorpy's run-time enum classes. Raises SchemaError where the program states a
    discriminator that does not follow from the name.
    """
    for kind, name, stated in _discriminators(program):
        if stated != sha256(f"{kind}:{name}".encode()).digest()[:DISCRIMINATOR_BYTES]:
            raise SchemaError(f"{program.name}: anchorpy cannot know the discriminator of {name}")
    accounts = {each.name for each in program.accounts}
    return {
        "version": "0.1.0",
        "name": program.name,
        "instructions": [
            {
                "name": each.name,
                "accounts": [_account(account) for account in each.accounts],
                "args": _fields(program, each.arguments),
            }
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


def _discriminators(program: ProgramSchema) -> Iterator[tuple[str, str, bytes]]:
    yield from (("global", each.name, each.discriminator) for each in program.instructions)
    yield from (("account", each.name, each.discriminator) for each in program.accounts)
    yield from (("event", each.name, each.discriminator) for each in program.events)


def _account(account: AccountInput) -> dict[str, Any]:
    return {
        "name": account.name,
        "isMut": account.writable,
        "isSigner": account.signer,
        **({"isOptional": True} if account.optional else {}),
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
