"""Names, annotations and documentation in generated sources."""

import keyword
import textwrap
from collections.abc import Iterable, Sequence

from idl.generation.schema import Array, Defined, Field, Option, Primitive, Type, Vector

LINE = 100
ITEM = "- "
"""Begins a list item in documentation."""
_PYTHON = {
    "bool": "bool",
    "string": "str",
    "bytes": "bytes",
    "pubkey": "Pubkey",
    "f32": "float",
    "f64": "float",
}


def identifier(name: str) -> str:
    """Returns the name, with an underscore appended where Python reserves it."""
    return f"{name}_" if keyword.iskeyword(name) else name


def annotation(kind: Type) -> str:
    """Returns the Python type of an IDL type: byte arrays become bytes, other sequences tuples."""
    match kind:
        case Primitive(name):
            return _PYTHON.get(name, "int")
        case Option(inner):
            return f"{annotation(inner)} | None"
        case Array(Primitive("u8"), _):
            return "bytes"
        case Array(inner, _) | Vector(inner):
            return f"tuple[{annotation(inner)}, ...]"
        case Defined(name):
            return name


def comment(docs: Sequence[str], indent: str = "") -> list[str]:
    """Returns the lines of a TypeScript documentation comment, or none where there are no docs."""
    text = " ".join(" ".join(docs).split()).replace("*/", "* /")
    if not text:
        return []
    if len(indent) + len(text) + len("/**  */") <= LINE:
        return [f"{indent}/** {text} */"]
    wrapped = textwrap.wrap(text, LINE - len(indent) - len(" * "))
    return [f"{indent}/**", *(f"{indent} * {line}" for line in wrapped), f"{indent} */"]


def layout_kind(kind: Type) -> str:
    """Returns the expression by which `neurolov_client.codec` knows an IDL type."""
    match kind:
        case Primitive(name) | Defined(name):
            return f'"{name}"'
        case Option(inner):
            return f'("option", {layout_kind(inner)})'
        case Vector(inner):
            return f'("vec", {layout_kind(inner)})'
        case Array(inner, length):
            return f'("array", {layout_kind(inner)}, {length})'


def layout_fields(fields: Iterable[Field], padding: Iterable[Field] = ()) -> list[str]:
    """Returns a layout's entries: name and type, with an empty name for padding."""
    unnamed = list(padding)
    return [
        f'("{"" if each in unnamed else identifier(each.name)}", {layout_kind(each.type)})'
        for each in fields
    ]


def tuple_lines(head: str, parts: Sequence[str], tail: str, indent: str) -> list[str]:
    """Returns a tuple between `head` and `tail`, broken as the formatter breaks it."""
    body = [f"{each}," for each in parts] if len(parts) == 1 else parts
    return call(f"{head}(", body, f"){tail}", indent)


def text_literal(text: str) -> str:
    """Returns a string literal with the quotes that the formatter would choose."""
    single = repr(text)
    if single.startswith('"') or '"' in text:
        return single
    return f'"{single[1:-1]}"'


def text_lines(text: str, indent: str) -> list[str]:
    """Returns the literal and a comma, split into adjacent literals where one line is too short."""
    width = LINE - len(indent) - 4
    parts = textwrap.wrap(text, width) if len(text_literal(text)) + len(indent) >= LINE else [text]
    literals = [text_literal(f"{part} ") for part in parts[:-1]] + [text_literal(parts[-1])]
    return [f"{indent}{literal}" for literal in literals[:-1]] + [f"{indent}{literals[-1]},"]


def docstring(docs: Sequence[str], indent: str = "    ") -> list[str]:
    """Returns the lines of a docstring, or none where there are no docs.

    Keeps what Rust's documentation separates: paragraphs, by an empty line, and list items.
    """
    lines: list[str] = []
    for text in _blocks(docs):
        item = text.startswith(ITEM)
        hanging = "  " if item else ""
        wrapped = textwrap.wrap(text, LINE - len(indent) - 6, subsequent_indent=hanging)
        if lines and not (item and lines[-1].startswith((ITEM, "  "))):
            lines.append("")
        lines += wrapped
    if not lines:
        return []
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [
        f'{indent}"""{lines[0]}',
        *(f"{indent}{line}".rstrip() for line in lines[1:]),
        f'{indent}"""',
    ]


def _blocks(docs: Sequence[str]) -> list[str]:
    """Returns the paragraphs and list items, each as one line of text."""
    blocks = [""]
    for line in docs:
        text = line.replace("\\", "\\\\").replace('"""', "'''").strip()
        if not text or text.startswith(ITEM):
            blocks.append(text)
        else:
            blocks[-1] = f"{blocks[-1]} {text}".strip()
    return [block for block in blocks if block]


def call(head: str, parts: Iterable[str], tail: str, indent: str = "") -> list[str]:
    """Returns `head`, comma-separated parts and `tail`, broken as the formatter breaks it."""
    parts = list(parts)
    flat = f"{indent}{head}{', '.join(parts)}{tail}"
    if len(flat) <= LINE or not parts:
        return [flat]
    inner = f"{indent}    "
    joined = f"{inner}{', '.join(parts)}"
    if len(joined) <= LINE and head.startswith("def "):
        return [f"{indent}{head}", joined, f"{indent}{tail}"]
    return [f"{indent}{head}", *(f"{inner}{part}," for part in parts), f"{indent}{tail}"]


def assigned(name: str, expression: str, indent: str) -> list[str]:
    """Returns `name = function(arguments)`, broken at the arguments where it is too long."""
    flat = f"{indent}{name} = {expression}"
    if len(flat) <= LINE:
        return [flat]
    function, _, arguments = expression.removesuffix(")").partition("(")
    return [f"{indent}{name} = {function}(", f"{indent}    {arguments}", f"{indent})"]
