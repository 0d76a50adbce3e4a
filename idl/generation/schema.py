"""Typed model of an Anchor IDL (specification 0.1.0), as `programs/toolchain` writes it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idl.generation.constants import ConstantError, Constants, parse_constants

SPECIFICATION = "0.1.0"
DISCRIMINATOR_BYTES = 8
PRIMITIVE_BYTES: Mapping[str, int] = {
    "bool": 1,
    "u8": 1,
    "i8": 1,
    "u16": 2,
    "i16": 2,
    "u32": 4,
    "i32": 4,
    "f32": 4,
    "u64": 8,
    "i64": 8,
    "f64": 8,
    "u128": 16,
    "i128": 16,
    "pubkey": 32,
}
VARIABLE_PRIMITIVES = frozenset({"string", "bytes"})


class SchemaError(ValueError):
    """This client cannot read the IDL; the message names the place."""


@dataclass(frozen=True, slots=True)
class Primitive:
    name: str


@dataclass(frozen=True, slots=True)
class Option:
    inner: "Type"


@dataclass(frozen=True, slots=True)
class Vector:
    inner: "Type"


@dataclass(frozen=True, slots=True)
class Array:
    inner: "Type"
    length: int


@dataclass(frozen=True, slots=True)
class Defined:
    name: str


Type = Primitive | Option | Vector | Array | Defined


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: Type
    docs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Struct:
    name: str
    docs: tuple[str, ...]
    fields: tuple[Field, ...]
    zero_copy: bool


@dataclass(frozen=True, slots=True)
class Enumeration:
    """An enum without data: one byte that holds the variant's index."""

    name: str
    docs: tuple[str, ...]
    variants: tuple[str, ...]


Definition = Struct | Enumeration


@dataclass(frozen=True, slots=True)
class ConstantSeed:
    value: bytes


@dataclass(frozen=True, slots=True)
class ArgumentSeed:
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountSeed:
    """An account's key, or a field of its data where `path` is longer."""

    path: tuple[str, ...]
    account_type: str | None


Seed = ConstantSeed | ArgumentSeed | AccountSeed


@dataclass(frozen=True, slots=True)
class DerivedAddress:
    seeds: tuple[Seed, ...]
    program: Seed | None


@dataclass(frozen=True, slots=True)
class AccountInput:
    name: str
    docs: tuple[str, ...]
    writable: bool
    signer: bool
    optional: bool
    address: str | None
    pda: DerivedAddress | None


@dataclass(frozen=True, slots=True)
class InstructionSchema:
    name: str
    docs: tuple[str, ...]
    discriminator: bytes
    accounts: tuple[AccountInput, ...]
    arguments: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """An account or event: the name of its struct and its discriminator."""

    name: str
    discriminator: bytes


@dataclass(frozen=True, slots=True)
class ErrorSchema:
    code: int
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class ProgramSchema:
    name: str
    address: str
    docs: tuple[str, ...]
    instructions: tuple[InstructionSchema, ...]
    accounts: tuple[Tagged, ...]
    events: tuple[Tagged, ...]
    definitions: Mapping[str, Definition]
    errors: tuple[ErrorSchema, ...]
    constants: Constants

    def struct(self, name: str) -> Struct:
        definition = self.definitions.get(name)
        if not isinstance(definition, Struct):
            raise SchemaError(f"{self.name}: {name} is not a struct of this IDL")
        return definition

    def size(self, kind: Type) -> int | None:
        """Returns the bytes of a value, or None where they depend on the value."""
        match kind:
            case Primitive(name):
                return PRIMITIVE_BYTES.get(name)
            case Option() | Vector():
                return None
            case Array(inner, length):
                each = self.size(inner)
                return None if each is None else each * length
            case Defined(name):
                definition = self.definitions[name]
                if isinstance(definition, Enumeration):
                    return 1
                sizes = [self.size(field.type) for field in definition.fields]
                return sum(size or 0 for size in sizes) if None not in sizes else None

    def reachable(self) -> Iterator[Definition]:
        """Yields the definitions used by this program's accounts, events and arguments, by name.

        An IDL also carries the types of other programs' accounts that an instruction reads; those
        belong to the other program's bindings.
        """
        seen: set[str] = set()
        roots = [Defined(tagged.name) for tagged in (*self.accounts, *self.events)]
        pending: list[Type] = [*roots]
        pending += [field.type for each in self.instructions for field in each.arguments]
        while pending:
            match pending.pop():
                case Option(inner) | Vector(inner) | Array(inner, _):
                    pending.append(inner)
                case Defined(name) if name not in seen:
                    seen.add(name)
                    definition = self.definitions[name]
                    if isinstance(definition, Struct):
                        pending += [field.type for field in definition.fields]
                case _:
                    pass
        return (self.definitions[name] for name in sorted(seen))


def _type(raw: Any, place: str) -> Type:
    match raw:
        case str(name) if name in PRIMITIVE_BYTES or name in VARIABLE_PRIMITIVES:
            return Primitive(name)
        case {"option": inner}:
            return Option(_type(inner, place))
        case {"vec": inner}:
            return Vector(_type(inner, place))
        case {"array": [inner, int(length)]}:
            return Array(_type(inner, place), length)
        case {"defined": {"name": str(name), **rest}} if not rest.get("generics"):
            return Defined(name)
    raise SchemaError(f"{place}: type {raw!r} is not supported")


def _docs(raw: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(raw.get("docs", ()))


def _fields(raw: Any, place: str) -> tuple[Field, ...]:
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        raise SchemaError(f"{place}: only named fields are supported")
    return tuple(
        Field(each["name"], _type(each["type"], f"{place}.{each['name']}"), _docs(each))
        for each in raw
    )


def _definition(raw: Mapping[str, Any], place: str) -> Definition:
    name = raw["name"]
    match raw["type"]:
        case {"kind": "struct", **rest}:
            fields = _fields(rest.get("fields", []), f"{place}.{name}")
            zero_copy = raw.get("serialization", "borsh") in {"bytemuck", "bytemuckunsafe"}
            return Struct(name, _docs(raw), fields, zero_copy)
        case {"kind": "enum", "variants": variants} if all("fields" not in v for v in variants):
            return Enumeration(name, _docs(raw), tuple(v["name"] for v in variants))
    raise SchemaError(f"{place}.{name}: only structs and enums without data are supported")


def _seed(raw: Mapping[str, Any]) -> Seed:
    match raw:
        case {"kind": "const", "value": value}:
            return ConstantSeed(bytes(value))
        case {"kind": "arg", "path": path}:
            return ArgumentSeed(tuple(path.split(".")))
        case {"kind": "account", "path": path}:
            return AccountSeed(tuple(path.split(".")), raw.get("account"))
    raise SchemaError(f"seed {raw!r} is not supported")


def _account_inputs(raw: list[Any]) -> Iterator[AccountInput]:
    for each in raw:
        if "accounts" in each:
            yield from _account_inputs(each["accounts"])
            continue
        pda = each.get("pda")
        yield AccountInput(
            name=each["name"],
            docs=_docs(each),
            writable=each.get("writable", False),
            signer=each.get("signer", False),
            optional=each.get("optional", False),
            address=each.get("address"),
            pda=pda
            and DerivedAddress(
                tuple(_seed(seed) for seed in pda["seeds"]),
                _seed(pda["program"]) if "program" in pda else None,
            ),
        )


def _shortened(raw: Any, crate: str) -> Any:
    """Returns the document with bare names for the program's own types.

    Anchor writes `crate::module::Name` where a type of another program, which an instruction reads,
    has the same name. Such types keep their paths.
    """
    match raw:
        case dict():
            return {key: _shortened(value, crate) for key, value in raw.items()}
        case list():
            return [_shortened(value, crate) for value in raw]
        case str() if raw.startswith(f"{crate}::"):
            return raw.rpartition("::")[2]
    return raw


def parse(raw: Mapping[str, Any]) -> ProgramSchema:
    """Returns the checked and typed IDL; raises SchemaError with the place of a fault."""
    metadata = raw.get("metadata", {})
    name = metadata.get("name", "?")
    raw = _shortened(raw, name)
    if metadata.get("spec") != SPECIFICATION:
        raise SchemaError(f"{name}: IDL specification {metadata.get('spec')!r} is not 0.1.0")
    try:
        constants = parse_constants(raw.get("constants", []))
    except ConstantError as error:
        raise SchemaError(f"{name}: {error}") from error
    return ProgramSchema(
        name=name,
        address=raw["address"],
        docs=_docs(raw),
        instructions=tuple(
            InstructionSchema(
                each["name"],
                _docs(each),
                bytes(each["discriminator"]),
                tuple(_account_inputs(each["accounts"])),
                _fields(each["args"], f"{name}.{each['name']}"),
            )
            for each in raw["instructions"]
        ),
        accounts=_tagged(raw, "accounts"),
        events=_tagged(raw, "events"),
        definitions={each["name"]: _definition(each, name) for each in raw.get("types", [])},
        errors=tuple(
            ErrorSchema(each["code"], each["name"], each.get("msg") or each["name"])
            for each in raw.get("errors", [])
        ),
        constants=constants,
    )


def _tagged(raw: Mapping[str, Any], section: str) -> tuple[Tagged, ...]:
    return tuple(
        Tagged(each["name"], bytes(each["discriminator"])) for each in raw.get(section, [])
    )


def committed(program: str) -> ProgramSchema:
    """Returns the schema of a committed IDL, by the program's name."""
    return parse(
        json.loads(Path(__file__).parents[1].joinpath(f"{program}.json").read_text("utf-8"))
    )
