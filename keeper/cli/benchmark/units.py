"""Compute units by instruction, read from what the cluster logs about a transaction."""

import re
from collections.abc import Iterable, Iterator

from idl.client import PROGRAM_IDS
from idl.client.schema import DISCRIMINATOR_BYTES, committed
from keeper.chain.localnet import TransactionRecord

INVOKED = re.compile(r"Program (\w+) invoke \[\d+\]")
CONSUMED = re.compile(r"Program (\w+) consumed (\d+) of \d+ compute units")
ENDED = re.compile(r"Program (\w+) (success|failed)")

NAMES = {
    (str(PROGRAM_IDS[program]), bytes(instruction.discriminator)): f"{program}.{instruction.name}"
    for program in PROGRAM_IDS
    for instruction in committed(program).instructions
}


def dearest(records: Iterable[TransactionRecord]) -> dict[str, int]:
    """The most that each of our instructions took, calls into other programs included."""
    found: dict[str, int] = {}
    for record in records:
        for name, units in measured(record):
            found[name] = max(units, found.get(name, 0))
    return dict(sorted(found.items()))


def measured(record: TransactionRecord) -> Iterator[tuple[str, int]]:
    """Each of our instructions in one transaction with what it took, innermost first."""
    executed = _executed(record)
    stack: list[tuple[str, bytes]] = []
    for line in record.logs:
        if (invoked := INVOKED.match(line)) is not None:
            program = invoked[1]
            data = next(data for name, data in executed if name == program)
            stack.append((program, data[:DISCRIMINATOR_BYTES]))
        elif (consumed := CONSUMED.match(line)) is not None:
            name = NAMES.get(stack[-1])
            if name is not None:
                yield name, int(consumed[2])
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
