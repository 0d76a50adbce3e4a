"""Every instruction says what it does, who may call it, when, and the units of its arguments."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from idl.generation.outputs import schemas
from idl.generation.schema import (
    Array,
    Defined,
    Field,
    InstructionSchema,
    Option,
    ProgramSchema,
    Struct,
    Type,
    Vector,
)

PROGRAMS = {each.name: each for each in schemas()}
EVERY = [
    pytest.param(program, each, id=f"{program.name}.{each.name}")
    for program in PROGRAMS.values()
    for each in program.instructions
]


def missing(program: ProgramSchema, instruction: InstructionSchema) -> list[str]:
    """Returns what the documentation of an instruction lacks."""
    paragraphs = "\n".join(instruction.docs).split("\n\n")
    text = " ".join(" ".join(paragraphs[1:]).split())
    lacking = []
    if not re.fullmatch(r"[A-Z].*\.", " ".join(paragraphs[0].split())):
        lacking.append("what it does")
    if not re.search(r"\bCaller: \w.*\. When: [\w`].*\.", text):
        lacking.append("caller and time")
    for argument in instruction.arguments:
        if not re.search(rf"- `{argument.name}`: \w", text):
            lacking.append(argument.name)
        lacking += undocumented(program, argument)
    return lacking


def undocumented(program: ProgramSchema, field: Field) -> Iterator[str]:
    """Returns the undocumented fields of the structs that an argument consists of."""
    for name in structs(field.type):
        definition = program.definitions[name]
        if isinstance(definition, Struct):
            for each in definition.fields:
                if not "".join(each.docs).strip():
                    yield f"{name}.{each.name}"
                yield from undocumented(program, each)


def structs(kind: Type) -> Iterator[str]:
    """Returns the names of the types that a type consists of."""
    match kind:
        case Defined(name):
            yield name
        case Option(inner) | Vector(inner) | Array(inner, _):
            yield from structs(inner)


@pytest.mark.parametrize(("program", "instruction"), EVERY)
def test_an_instruction_is_documented(
    program: ProgramSchema, instruction: InstructionSchema
) -> None:
    assert missing(program, instruction) == []


def test_all_instructions_are_looked_at() -> None:
    assert len(EVERY) == sum(len(each.instructions) for each in PROGRAMS.values()) >= 99


@pytest.mark.parametrize(
    ("docs", "lacking"),
    [
        ((), ["what it does", "caller and time", "amount"]),
        (("Adds stake.",), ["caller and time", "amount"]),
        (("Adds stake.", "", "Caller: anybody. When: ever.", "- `amount`:"), ["amount"]),
        (("Adds stake.", "", "Caller: anybody.", "- `amount`: base units."), ["caller and time"]),
        (
            ("adds stake", "", "Caller: anybody. When: ever.", "- `amount`: base units."),
            ["what it does"],
        ),
    ],
)
def test_what_is_missing_is_named(docs: tuple[str, ...], lacking: list[str]) -> None:
    staking = PROGRAMS["staking"]
    (stake,) = (each for each in staking.instructions if each.name == "stake")
    assert missing(staking, replace(stake, docs=docs)) == lacking
