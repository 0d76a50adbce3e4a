"""Rendering of an IDL as Anchor's TypeScript client types it: names in camel case, no docs."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from idl.generation.rendering.source import comment

_NAMES = frozenset({"name", "path", "account", "relations", "generic"})
"""The keys whose values Anchor's client converts (`convertIdlToCamelCase` in its `idl.ts`)."""


def camel_case(name: str) -> str:
    """Returns a name as Anchor's client has it: `postJob` of `post_job`, `jobOffer` of `JobOffer`.

    The parts of a path are converted one by one.
    """
    return ".".join(map(_converted, name.split(".")))


def _converted(name: str) -> str:
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", name).lower()
    joined = re.sub(r"_+(.|$)", lambda match: match[1].upper(), words.lstrip("_"))
    return re.sub(r"\d+[a-z]", lambda match: match[0].upper(), joined)


def converted(idl: Any) -> Any:
    """Returns an IDL with all names in camel case and without documentation."""
    match idl:
        case dict():
            return {
                key: _renamed(value) if key in _NAMES else converted(value)
                for key, value in idl.items()
                if key != "docs"
            }
        case list():
            return [converted(each) for each in idl]
    return idl


def _renamed(value: Any) -> Any:
    return [camel_case(each) for each in value] if isinstance(value, list) else camel_case(value)


def idl_module(idl: Mapping[str, Any], note: str) -> str:
    """Returns the JavaScript module that exports the converted IDL, one entry per line.

    It is data for Anchor's client; people read `idl_declarations`.
    """
    head = f"// The IDL of the {idl['metadata']['name']} program, for Anchor's client. {note}"
    lines = [head, "", "export const IDL = {"]
    for key, value in converted(idl).items():
        if isinstance(value, list):
            lines += [f"  {key}: [", *(f"    {json.dumps(each)}," for each in value), "  ],"]
        else:
            lines.append(f"  {key}: {json.dumps(value)},")
    return "\n".join([*lines, "};"]) + "\n"


def idl_declarations(idl: Mapping[str, Any], note: str) -> str:
    """Returns the types of that module; documentation becomes comments."""
    name = idl["metadata"]["name"]
    kind = type_name(name)
    lines = [
        f"// The IDL of the {name} program, as Anchor's client types it. {note}",
        "",
        f"export type {kind} = {{",
        *_members(idl, "  "),
        "};",
        "",
        f"export declare const IDL: {kind};",
    ]
    return "\n".join(lines) + "\n"


def type_name(program: str) -> str:
    """Returns the name of a program's IDL type: `JobRegistry` of `job_registry`."""
    return "".join(word.capitalize() for word in program.split("_"))


def _members(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, each in value.items():
        if key == "docs":
            continue
        shown = _renamed(each) if key in _NAMES else each
        yield from _lines(f"{indent}{key}: ", shown, indent, ";")


def _lines(start: str, value: Any, indent: str, end: str) -> Iterator[str]:
    if isinstance(value, Mapping) and len(flat := json.dumps(converted(value))) > 60:
        yield f"{start}{{"
        yield from _members(value, f"{indent}  ")
        yield f"{indent}}}{end}"
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        yield f"{start}["
        for each in value:
            yield from comment(tuple(each.get("docs", ())), f"{indent}  ")
            yield from _lines(f"{indent}  ", each, f"{indent}  ", ",")
        yield f"{indent}]{end}"
    else:
        flat = json.dumps(converted(value))
        yield f"{start}{flat}{end}"
