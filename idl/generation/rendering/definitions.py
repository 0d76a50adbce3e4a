"""Renders accounts, events, plain types and errors."""

from collections.abc import Iterator

from idl.generation.rendering.source import (
    LINE,
    annotation,
    call,
    docstring,
    identifier,
    layout_fields,
    text_lines,
    text_literal,
    tuple_lines,
)
from idl.generation.schema import (
    DISCRIMINATOR_BYTES,
    Enumeration,
    Field,
    ProgramSchema,
    Struct,
    Tagged,
)

_DECORATOR = "@record(frozen=True, kw_only=True)"


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
            yield from (_DECORATOR, f"class {definition.name}(Record):")
            if docs := docstring(definition.docs):
                yield from (*docs, "")
            yield from _layout(definition)
            yield ""
            yield from _fields(definition)
    yield from ("", "")
    yield from _listing("ACCOUNTS", "Account", sorted(accounts))
    yield from _listing("EVENTS", "Event", sorted(events))


def _listing(name: str, base: str, members: list[str]) -> list[str]:
    return tuple_lines(f"{name}: Final[tuple[type[{base}], ...]] = ", members, "", "")


def _enumeration(definition: Enumeration) -> Iterator[str]:
    yield f"class {definition.name}(IntEnum):"
    if docs := docstring(definition.docs):
        yield from (*docs, "")
    for index, variant in enumerate(definition.variants):
        yield f"    {identifier(variant)} = {index}"


def _tagged(program: ProgramSchema, struct: Struct, tag: Tagged, base: str) -> Iterator[str]:
    yield from (_DECORATOR, f"class {struct.name}({base}):")
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
    yield from _layout(struct)
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


def _layout(struct: Struct) -> Iterator[str]:
    kept = _kept(struct)
    names = sorted(f'"{identifier(field.name)}"' for field in kept)
    yield from tuple_lines("__slots__ = ", names, "", "    ")
    padding = [field for field in struct.fields if field not in kept]
    entries = layout_fields(struct.fields, padding)
    yield from tuple_lines("LAYOUT: ClassVar[Layout] = ", entries, "", "    ")


def _kept(struct: Struct) -> list[Field]:
    return [field for field in struct.fields if not is_padding(field, struct)]


def _fields(struct: Struct) -> Iterator[str]:
    for field in _kept(struct):
        yield f"    {identifier(field.name)}: {annotation(field.type)}"
        yield from docstring(field.docs)


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
