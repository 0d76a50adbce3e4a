"""Renders instructions: functions of typed arguments and accounts that return an Instruction."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from solders.pubkey import Pubkey

from idl.generation.rendering.seeds import Convention, address_expression, derivable, derivation
from idl.generation.rendering.source import (
    annotation,
    assigned,
    call,
    docstring,
    identifier,
    layout_fields,
    tuple_lines,
)
from idl.generation.schema import AccountInput, InstructionSchema, ProgramSchema


@dataclass(frozen=True, slots=True)
class _Parameter:
    declaration: str
    resolution: tuple[str, ...] = ()
    required: bool = False


def _names(instruction: InstructionSchema) -> dict[str, str]:
    taken = {identifier(argument.name) for argument in instruction.arguments}
    return {
        account.name: f"{account.name}_account"
        if identifier(account.name) in taken
        else identifier(account.name)
        for account in instruction.accounts
    }


def _derived(
    program: ProgramSchema,
    instruction: InstructionSchema,
    names: Mapping[str, str],
    customs: Mapping[str, Convention],
) -> dict[str, str]:
    """Returns expressions for accounts that follow from others, in an order that resolves."""
    derived: dict[str, str] = {}
    waiting: list[tuple[str, Convention]] = []
    known: set[str] = set()
    for account in instruction.accounts:
        if account.optional and not account.address:
            continue
        if account.address:
            derived[account.name] = address_expression(Pubkey.from_string(account.address))
        else:
            custom = Convention(account.pda, "ID") if account.pda else customs.get(account.name)
            if custom and not account.signer and derivable(program, instruction, names, custom):
                waiting.append((account.name, custom))
                continue
        known.add(account.name)
    while waiting:
        remaining = []
        for name, custom in waiting:
            found = derivation(program, instruction, names, custom, known)
            if found is None:
                remaining.append((name, custom))
            else:
                derived[name] = found
                known.add(name)
        if len(remaining) == len(waiting):
            # In a cycle, one account becomes a parameter, from which the others follow.
            known.add(remaining.pop(0)[0])
        waiting = remaining
    return derived


def _parameter(account: AccountInput, name: str, expression: str | None) -> _Parameter:
    if account.optional and expression is None:
        return _Parameter(f"{name}: Pubkey | None = None")
    if expression is None:
        return _Parameter(f"{name}: Pubkey", required=True)
    if "(" not in expression:
        return _Parameter(f"{name}: Pubkey = {expression}")
    assign = assigned(name, expression, "        ")
    return _Parameter(f"{name}: Pubkey | None = None", (f"    if {name} is None:", *assign))


def render_instruction_data(program: ProgramSchema) -> Iterator[str]:
    """Yields the lines of the table of discriminators and arguments, by instruction."""
    yield from ("", "", "INSTRUCTIONS: Final[Mapping[str, InstructionData]] = {")
    for each in program.instructions:
        yield f'    "{each.name}": InstructionData('
        yield f'        "{each.name}",'
        yield f'        bytes.fromhex("{each.discriminator.hex()}"),'
        yield from tuple_lines("", layout_fields(each.arguments), ",", "        ")
        yield from ("        __name__,", "    ),")
    yield "}"
    yield '"""What each instruction carries, by its name."""'


def render_instruction(
    program: ProgramSchema, instruction: InstructionSchema, customs: Mapping[str, Convention]
) -> Iterator[str]:
    """Yields the lines of one instruction's function."""
    names = _names(instruction)
    derived = _derived(program, instruction, names, customs)
    accounts = {
        account.name: _parameter(account, names[account.name], derived.get(account.name))
        for account in instruction.accounts
    }
    parameters = [
        *(f"{identifier(arg.name)}: {annotation(arg.type)}" for arg in instruction.arguments),
        *(each.declaration for each in accounts.values() if each.required),
        *(each.declaration for each in accounts.values() if not each.required),
        "remaining: Sequence[AccountMeta] = ()",
    ]
    yield from ("", "")
    yield from call(f"def {identifier(instruction.name)}(", ["*", *parameters], ") -> Instruction:")
    yield from docstring(instruction.docs)
    for name in derived:
        yield from accounts[name].resolution
    yield "    return Instruction("
    yield "        ID,"
    arguments = (identifier(argument.name) for argument in instruction.arguments)
    encoded = [f"{each}={each}" for each in arguments]
    encode = f'INSTRUCTIONS["{instruction.name}"].encode('
    yield from _with_comma(call(encode, encoded, ")", "        "))
    yield "        ["
    for account in instruction.accounts:
        yield from _with_comma(call("AccountMeta(", _meta(account, names), ")", " " * 12))
    yield "            *remaining,"
    yield "        ],"
    yield "    )"


def _with_comma(lines: list[str]) -> list[str]:
    return [*lines[:-1], f"{lines[-1]},"]


def _meta(account: AccountInput, names: Mapping[str, str]) -> list[str]:
    name = names[account.name]
    if account.optional and not account.address:
        # Anchor treats the program's own id as an absent optional account.
        return [
            f"ID if {name} is None else {name}",
            f"{account.signer} and {name} is not None" if account.signer else "False",
            f"{name} is not None" if account.writable else "False",
        ]
    return [name, str(account.signer), str(account.writable)]
