"""Compute units by instruction, read from a transaction's logs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keeper.lab.localnet import TransactionRecord
from neurolov_client import DISCRIMINATOR_BYTES, PROGRAMS

INVOKED = re.compile(r"Program (\w+) invoke \[\d+\]")
CONSUMED = re.compile(r"Program (\w+) consumed (\d+) of \d+ compute units")
ENDED = re.compile(r"Program (\w+) (success|failed)")

NAMES = {
    (str(module.ID), instruction.discriminator): f"{program}.{name}"
    for program, module in PROGRAMS.items()
    for name, instruction in module.INSTRUCTIONS.items()
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One call of an instruction; `calls` tells whether it called another program itself."""

    name: str
    units: int
    calls: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Units of the cheapest and of the dearest call of an instruction."""

    least: int
    most: int


def spans(records: Iterable[TransactionRecord]) -> dict[str, Span]:
    """Returns the span of each of our instructions, its calls to others included."""
    found: dict[str, Span] = {}
    for record in records:
        for each in measured(record):
            known = found.get(each.name, Span(each.units, each.units))
            found[each.name] = Span(min(known.least, each.units), max(known.most, each.units))
    return dict(sorted(found.items()))


def dearest(records: Iterable[TransactionRecord]) -> dict[str, Measured]:
    """Returns the dearest call of each of our instructions, its calls to others included."""
    found: dict[str, Measured] = {}
    for record in records:
        for each in measured(record):
            known = found.get(each.name)
            if known is None or each.units > known.units:
                found[each.name] = each
    return dict(sorted(found.items()))


def measured(record: TransactionRecord) -> Iterator[Measured]:
    """Yields each call of our instructions in one transaction, innermost first."""
    executed = _executed(record)
    stack: list[tuple[str | None, bool]] = []
    for line in record.logs:
        if (invoked := INVOKED.match(line)) is not None:
            stack = [(name, True) for name, _ in stack]
            data = next(data for program, data in executed if program == invoked[1])
            stack.append((NAMES.get((invoked[1], data[:DISCRIMINATOR_BYTES])), False))
        elif (consumed := CONSUMED.match(line)) is not None:
            name, calls = stack[-1]
            if name is not None:
                yield Measured(name, int(consumed[2]), calls)
        elif ENDED.match(line) is not None:
            stack.pop()


def _executed(record: TransactionRecord) -> Iterator[tuple[str, bytes]]:
    """Program and data of every instruction, in the order of execution."""
    keys = record.keys.all
    for index, outer in enumerate(record.transaction.message.instructions):
        yield str(keys[outer.program_id_index]), bytes(outer.data)
        inner = record.inner_instructions[index] if index < len(record.inner_instructions) else ()
        for call in inner:
            compiled = call.instruction()
            yield str(keys[compiled.program_id_index]), bytes(compiled.data)
