"""Renders accounts, events, plain types and errors."""

from collections.abc import Iterator

from idl.generation.rendering.source import (
    LINE,
    annotation,
    call,
    docstring,
    identifier,
    text_lines,
    text_literal,
)
from neurolov_client.schema import (
    DISCRIMINATOR_BYTES,
    Enumeration,
    Field,
    ProgramSchema,
    Struct,
    Tagged,
)

_DATACLASS = "@dataclass(frozen=True, slots=True, kw_only=True)"


def is_padding(field: Field, struct: Struct) -> bool:
    """Returns whether a field is padding, which zero-copy layouts declare and no reader needs."""
    return struct.zero_copy and field.name.lstrip("_").startswith(("pad", "spare", "reserved"))


def definitions(program: ProgramSchema) -> Iterator[str]:
    """Yields the lines of every type that the program's accounts, events and arguments use."""
    accounts = {each.name: each for each in program.accounts}
    events = {each.name: each for each in program.events}
    for definition in program.reachable():
        yield from ("", "")
        if isinstance(definition, Enumeration):
            yield from _enumeration(definition)
        elif definition.name in accounts:
            yield from _tagged(program, definition, accounts[definition.name], "Account")
        elif definition.name in events:
            yield from _tagged(program, definition, events[definition.name], "Event")
        else:
            yield from (_DATACLASS, f"class {definition.name}:")
            if docs := docstring(definition.docs):
                yield from (*docs, "")
            yield from _fields(definition)
    yield from ("", "")
    yield from _listing("ACCOUNTS", "Account", sorted(accounts))
    yield from _listing("EVENTS", "Event", sorted(events))


def _listing(name: str, base: str, members: list[str]) -> list[str]:
    body = [f"{member}," if len(members) == 1 else member for member in members]
    return call(f"{name}: Final[tuple[type[{base}], ...]] = (", body, ")")


def _enumeration(definition: Enumeration) -> Iterator[str]:
    yield f"class {definition.name}(IntEnum):"
    if docs := docstring(definition.docs):
        yield from (*docs, "")
    for index, variant in enumerate(definition.variants):
        yield f"    {identifier(variant)} = {index}"


def _tagged(program: ProgramSchema, struct: Struct, tag: Tagged, base: str) -> Iterator[str]:
    yield from (_DATACLASS, f"class {struct.name}({base}):")
    if docs := docstring(struct.docs):
        yield from (*docs, "")
    yield "    PROGRAM: ClassVar[str] = PROGRAM"
    yield "    PROGRAM_ID: ClassVar[Pubkey] = ID"
    yield f'    DISCRIMINATOR: ClassVar[bytes] = bytes.fromhex("{tag.discriminator.hex()}")'
    if base == "Account":
        sizes = [program.size(field.type) for field in struct.fields]
        total = None if None in sizes else DISCRIMINATOR_BYTES + sum(size or 0 for size in sizes)
        yield f"    SIZE: ClassVar[int | None] = {total}"
        yield from call(
            "OFFSETS: ClassVar[Mapping[str, int]] = {",
            (f'"{name}": {offset}' for name, offset in _offsets(program, struct)),
            "}",
            "    ",
        )
    yield ""
    yield from _fields(struct)


def _offsets(program: ProgramSchema, struct: Struct) -> Iterator[tuple[str, int]]:
    offset = DISCRIMINATOR_BYTES
    for field in struct.fields:
        if not is_padding(field, struct):
            yield identifier(field.name), offset
        size = program.size(field.type)
        if size is None:
            return
        offset += size


def _fields(struct: Struct) -> Iterator[str]:
    kept = [field for field in struct.fields if not is_padding(field, struct)]
    for field in kept:
        yield f"    {identifier(field.name)}: {annotation(field.type)}"
        yield from docstring(field.docs)
    if not kept:
        yield "    pass"


def errors(program: ProgramSchema) -> Iterator[str]:
    """Yields the lines of the program's error enum."""
    yield from ("", "", "class Errors(ErrorCode):")
    yield f'    """Errors of {program.name}: (code, message)."""'
    if program.errors:
        yield ""
    for error in program.errors:
        name = identifier(error.name)
        flat = f"    {name} = ({error.code}, {text_literal(error.message)})"
        if len(flat) <= LINE:
            yield flat
        else:
            yield from (f"    {name} = (", f"        {error.code},")
            yield from text_lines(error.message, "        ")
            yield "    )"
