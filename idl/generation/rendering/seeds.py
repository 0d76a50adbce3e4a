"""Renders program addresses: one function per PDA, and its use in instructions."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.sysvar import SLOT_HASHES
from solders.token import ID as TOKEN_PROGRAM

from idl.generation.deployment import read_deployment
from idl.generation.rendering.source import annotation, call, identifier
from idl.generation.schema import (
    AccountSeed,
    ArgumentSeed,
    Array,
    ConstantSeed,
    Defined,
    DerivedAddress,
    InstructionSchema,
    Primitive,
    ProgramSchema,
    SchemaError,
    Seed,
    Struct,
    Type,
)

_DEPLOYED = read_deployment()
_KNOWN: Mapping[str, str] = {
    str(SYSTEM_PROGRAM): "SYSTEM_PROGRAM",
    str(TOKEN_PROGRAM): "TOKEN_PROGRAM",
    str(SLOT_HASHES): "SLOT_HASHES",
    **{key: f'PROGRAM_IDS["{name}"]' for name, key in _DEPLOYED.programs.items()},
    **{key: f'CPI_AUTHORITIES["{name}"]' for name, key in _DEPLOYED.authorities.items()},
    _DEPLOYED.deployer: "DEPLOYER",
}
_PUBKEY = Primitive("pubkey")
_INTEGER_BYTES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16}


@dataclass(frozen=True, slots=True)
class AddressFunction:
    """`<first seed>_address(parameters)`: each seed is a constant or a parameter's position."""

    name: str
    seeds: tuple[bytes | int, ...]
    parameters: tuple[tuple[str, Type], ...]


def _ending_in(name: str, parameter: str, kind: str, *before: str) -> AddressFunction:
    parameters = [*((each, Primitive("pubkey")) for each in before), (parameter, Primitive(kind))]
    seeds = (name.encode(), *range(len(parameters)))
    return AddressFunction(f"{name}_address", seeds, tuple(parameters))


# Seeds that Anchor's IDL builder misreads: it omits a bare byte, and takes a field of a zero-copy
# account for that account's key. The first version of the terms has a constant in its seeds.
_UNREADABLE: Mapping[str, tuple[AddressFunction, ...]] = {
    "escrow": (_ending_in("fees", "shard", "u8"),),
    "job_registry": (_ending_in("utilisation", "shard", "u8"),),
    "staking": (
        _ending_in("exposure", "owner", "pubkey", "job"),
        _ending_in("snapshot", "parity", "u8"),
        _ending_in("terms", "version", "u16"),
        _ending_in("ticket", "id", "u64", "owner"),
    ),
}


def _member(program: ProgramSchema, kind: Type, path: tuple[str, ...]) -> Type | None:
    for name in path:
        if not isinstance(kind, Defined):
            return None
        definition = program.definitions.get(kind.name)
        if not isinstance(definition, Struct):
            return None
        found = next((field.type for field in definition.fields if field.name == name), None)
        if found is None:
            return None
        kind = found
    return kind


def _seed_type(
    program: ProgramSchema, instruction: InstructionSchema, seed: ArgumentSeed | AccountSeed
) -> Type | None:
    if isinstance(seed, AccountSeed):
        if len(seed.path) == 1:
            return _PUBKEY
        return _member(program, Defined(seed.account_type or ""), seed.path[1:])
    for argument in instruction.arguments:
        if argument.name == seed.path[0]:
            return _member(program, argument.type, seed.path[1:])
    return None


def _bytes_of(expression: str, kind: Type) -> str | None:
    match kind:
        case Primitive("pubkey"):
            return f"bytes({expression})"
        case Primitive(name) if name in _INTEGER_BYTES:
            return f'{expression}.to_bytes({_INTEGER_BYTES[name]}, "little")'
        case Array(Primitive("u8"), _):
            return expression
    return None


def address_function(
    program: ProgramSchema, instruction: InstructionSchema, pda: DerivedAddress
) -> AddressFunction | None:
    """Returns the address function of a PDA of this program, or None if the IDL is incomplete."""
    function = _stated(program, instruction, pda)
    return None if function is None or _misread(program, function) else function


def _stated(
    program: ProgramSchema, instruction: InstructionSchema, pda: DerivedAddress
) -> AddressFunction | None:
    if pda.program is not None or not pda.seeds or not isinstance(pda.seeds[0], ConstantSeed):
        return None
    name = pda.seeds[0].value.decode("utf-8", errors="replace")
    if not name.isidentifier():
        return None
    seeds: list[bytes | int] = []
    parameters: list[tuple[str, Type]] = []
    for seed in pda.seeds:
        if isinstance(seed, ConstantSeed):
            seeds.append(seed.value)
            continue
        kind = _seed_type(program, instruction, seed)
        if kind is None or _bytes_of("", kind) is None:
            return None
        seeds.append(len(parameters))
        parameters.append((identifier(seed.path[-1]), kind))
    return AddressFunction(f"{name}_address", tuple(seeds), tuple(parameters))


def _misread(program: ProgramSchema, function: AddressFunction) -> bool:
    known = {each.name: each for each in _UNREADABLE.get(program.name, ())}
    return function.name in known and known[function.name] != function


def _shape(function: AddressFunction) -> tuple[object, ...]:
    return function.seeds, tuple(kind for _, kind in function.parameters)


def address_functions(program: ProgramSchema) -> Mapping[str, AddressFunction]:
    """Returns every PDA of the program by function name; parameters take their most frequent name.

    Raises SchemaError where two instructions derive different addresses from one first seed.
    """
    found: dict[str, Counter[AddressFunction]] = defaultdict(Counter)
    for unreadable in _UNREADABLE.get(program.name, ()):
        found[unreadable.name][unreadable] += 1
    for instruction in program.instructions:
        for account in instruction.accounts:
            if account.pda and (f := address_function(program, instruction, account.pda)):
                found[f.name][f] += 1
    functions = {}
    for name, variants in sorted(found.items()):
        shapes = set(map(_shape, variants))
        if len(shapes) != 1:
            raise SchemaError(f"{program.name}: instructions disagree on the seeds of {name}")
        functions[name] = variants.most_common(1)[0][0]
    return functions


@dataclass(frozen=True, slots=True)
class Convention:
    """The address of accounts with one name, taken from an instruction whose IDL has its seeds."""

    pda: DerivedAddress
    owner: str


def conventions(program: ProgramSchema, others: Sequence[ProgramSchema]) -> dict[str, Convention]:
    """Returns addresses by account name, for instructions whose IDL does not repeat the seeds.

    Programs that trust a stored bump state no seeds, yet a `position` is the same account
    everywhere. A program's own accounts come first; a name with two meanings has no entry.
    """
    found: dict[str, Convention] = {}
    for each in (*others, program):
        owner = "ID" if each is program else f'PROGRAM_IDS["{each.name}"]'
        meanings: dict[str, set[Convention]] = defaultdict(set)
        for instruction in each.instructions:
            for account in instruction.accounts:
                # An argument of the same name may have another meaning in another instruction.
                if (
                    account.pda
                    and account.pda.program is None
                    and not any(isinstance(seed, ArgumentSeed) for seed in account.pda.seeds)
                    and address_function(each, instruction, account.pda) is not None
                ):
                    meanings[account.name].add(Convention(account.pda, owner))
        for name, stated in meanings.items():
            if each is not program and name in found:
                stated.add(found[name])
            found.pop(name, None)
            if len(stated) == 1:
                found[name] = stated.pop()
    return found


def render_functions(program: ProgramSchema) -> Iterator[str]:
    """Yields the lines of the address functions."""
    for function in address_functions(program).values():
        parameters = [f"{name}: {annotation(kind)}" for name, kind in function.parameters]
        yield from ("", "")
        yield from call(f"def {function.name}(", parameters, ") -> Pubkey:")
        seeds = []
        for seed in function.seeds:
            if isinstance(seed, bytes):
                seeds.append(repr_bytes(seed))
            else:
                name, kind = function.parameters[seed]
                seeds.append(str(_bytes_of(name, kind)))
        listed = ", ".join(seeds) + ("," if len(seeds) == 1 else "")
        yield from call("return find_address(", [f"({listed})", "ID"], ")", "    ")


def repr_bytes(value: bytes) -> str:
    """Returns a bytes literal with double quotes, as the formatter writes it."""
    body = repr(value)
    return body if '"' in body else f'b"{body[2:-1]}"'


def derivable(
    program: ProgramSchema,
    instruction: InstructionSchema,
    names: Mapping[str, str],
    custom: Convention,
) -> bool:
    """Returns whether the address follows from the instruction's accounts and arguments."""
    return derivation(program, instruction, names, custom, names.keys()) is not None


def derivation(
    program: ProgramSchema,
    instruction: InstructionSchema,
    names: Mapping[str, str],
    custom: Convention,
    available: Collection[str],
) -> str | None:
    """Returns an expression for the PDA from the instruction's parameters, or None if one is
    missing.

    `names` maps an IDL account to its parameter; `available` holds the accounts known so far.
    """
    expressions = []
    for seed in custom.pda.seeds:
        expression = _seed_expression(program, instruction, names, seed, available)
        if expression is None:
            return None
        expressions.append(expression)
    owner = custom.owner
    match custom.pda.program:
        case ConstantSeed(value):
            owner = address_expression(Pubkey(value))
        case AccountSeed((name,), _) if name in available:
            owner = names[name]
        case None:
            pass
        case _:
            return None
    function = _stated(program, instruction, custom.pda)
    if function and owner == "ID":
        if _misread(program, function):
            return None
        arguments = [
            _argument(seed, names)
            for seed in custom.pda.seeds
            if not isinstance(seed, ConstantSeed)
        ]
        return f"{function.name}({', '.join(arguments)})"
    listed = ", ".join(expressions) + ("," if len(expressions) == 1 else "")
    return f"find_address(({listed}), {owner})"


def address_expression(address: Pubkey) -> str:
    """Returns an expression for the address: its name, or a literal where it has none."""
    return _KNOWN.get(str(address)) or f'Pubkey.from_string("{address}")'


def _seed_expression(
    program: ProgramSchema,
    instruction: InstructionSchema,
    names: Mapping[str, str],
    seed: Seed,
    available: Collection[str],
) -> str | None:
    match seed:
        case ConstantSeed(value):
            return repr_bytes(value)
        case AccountSeed((name,), _):
            return f"bytes({names[name]})" if name in available else None
        case ArgumentSeed(path):
            kind = _seed_type(program, instruction, seed)
            return _bytes_of(".".join(map(identifier, path)), kind) if kind else None
    return None


def _argument(seed: ArgumentSeed | AccountSeed, names: Mapping[str, str]) -> str:
    if isinstance(seed, AccountSeed):
        return names[seed.path[0]]
    return ".".join(map(identifier, seed.path))
