"""The rules on what a package's sources may contain, decided from the text alone."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from kernels.custom.buffer import Role, Stage
from kernels.custom.errors import PackageError, Reason
from kernels.custom.package import KernelPackage
from kernels.custom.validation.clearing import Clearing
from kernels.custom.validation.loops import DECLARATION, turn_checks
from kernels.custom.validation.module import Function, Tokens, Variable, parse_module
from kernels.custom.validation.nesting import check_nesting
from kernels.custom.validation.sizes import Layout
from kernels.custom.validation.tokens import malformed, rebuilt, tokenize

# WebGPU's guaranteed limits (https://www.w3.org/TR/webgpu/#limits), so that a package is valid on
# every adapter or on none.
MAX_WORKGROUP = (256, 256, 64)
MAX_WORKGROUP_INVOCATIONS = 256
MAX_WORKGROUP_BYTES = 16_384
# https://www.w3.org/TR/WGSL/#limits
MAX_PRIVATE_BYTES = 8_192
MAX_FUNCTION_BYTES = 1 << 16
# A compiler may inline every call, so a function counts once per call path that leads to it.
MAX_EXPANDED_TOKENS = 1 << 17
# Each entry point that a stage runs is compiled once. Lavapipe takes about 0.1 ms per token of it,
# so that a package at this bound just about meets a provider's deadline.
MAX_COMPILED_TOKENS = 1 << 19
# What a pipeline costs besides its text.
PIPELINE_TOKENS = 1 << 7
MAX_CALL_DEPTH = 64
MAX_INVOCATIONS = 1 << 32


class Source:
    """One parsed source; raises PackageError where the text alone breaks a rule."""

    def __init__(self, text: str) -> None:
        tokens = tokenize(text)
        check_nesting(tokens)
        self._turn_checks = turn_checks(tokens)
        self._tokens = tokens
        self._module = parse_module(tokens)
        self._layout = Layout(self._module)
        self._expanded: dict[str, int] = {}
        self._check_private()

    def check_stage(self, stage: Stage, package: KernelPackage) -> int:
        """Returns the invocations of a stage of this source; raises PackageError if it is
        refused."""
        entry = self._module.functions.get(stage.entry_point)
        if entry is None or "compute" not in entry.attributes:
            raise PackageError(
                Reason.BAD_ENTRY_POINT, f"{stage.entry_point} is not a compute entry point"
            )
        self._shared(entry)
        self._check_bindings(stage, package, self._reached[entry.name])
        x, y, z = stage.workgroups
        return x * y * z * self._workgroup(entry)

    def compiled_tokens(self, entry_point: str) -> int:
        """Returns what compiling an entry point that was checked costs, in tokens."""
        return PIPELINE_TOKENS + self._expanded[entry_point]

    @cached_property
    def bounded(self) -> str:
        """The text to compile: no comments, bounded loops, workgroup memory cleared.

        Lines keep their numbers, for the compiler's messages.
        """
        inserted, functions = dict(self._turn_checks), [DECLARATION]
        for entry in self._module.functions.values():
            shared = self._shared(entry) if "compute" in entry.attributes else []
            if shared:
                clearing = Clearing(self._module, entry, shared, self._workgroup(entry))
                inserted[entry.opens] = clearing.parameter
                inserted[entry.body] = clearing.call
                functions.append(clearing.function)
        # Appended at the end, because directives have to come first.
        return f"{rebuilt(self._tokens, inserted)} {' '.join(functions)}\n"

    def _shared(self, entry: Function) -> list[Variable]:
        """Returns an entry point's workgroup variables; raises PackageError above the limit."""
        reached = map(self._module.variables.__getitem__, sorted(self._reached[entry.name]))
        shared = [variable for variable in reached if variable.space == "workgroup"]
        size = sum(map(self._required_size, shared))
        if size > MAX_WORKGROUP_BYTES:
            raise PackageError(
                Reason.WORKGROUP_LIMIT,
                f"{entry.name}: {size} bytes of workgroup memory, at most {MAX_WORKGROUP_BYTES}",
            )
        return shared

    def _workgroup(self, entry: Function) -> int:
        arguments = entry.attributes.get("workgroup_size")
        if not arguments:
            raise malformed(f"{entry.name} has no workgroup_size", entry.line)
        sizes = [self._layout.value(part) for part in _arguments(arguments)]
        if len(sizes) > 3 or not all(
            1 <= size <= most for size, most in zip(sizes, MAX_WORKGROUP, strict=False)
        ):
            raise PackageError(
                Reason.WORKGROUP_LIMIT,
                f"{entry.name}: workgroups of {sizes}, at most {MAX_WORKGROUP}",
            )
        invocations = 1
        for size in sizes:
            invocations *= size
        if invocations > MAX_WORKGROUP_INVOCATIONS:
            raise PackageError(
                Reason.WORKGROUP_LIMIT,
                f"{entry.name}: {invocations} invocations per workgroup, at most "
                f"{MAX_WORKGROUP_INVOCATIONS}",
            )
        return invocations

    def _check_bindings(self, stage: Stage, package: KernelPackage, reached: set[str]) -> None:
        by_binding: dict[int, Variable] = {}
        # A variable of another entry point may share its number with one that this stage uses.
        for name in sorted(self._bindings, key=lambda name: name not in reached):
            binding, variable = self._bindings[name], self._module.variables[name]
            if binding in by_binding and name not in reached:
                continue
            if binding in by_binding or (binding >= len(stage.bindings) and name in reached):
                raise _binding(f"{name}: the stage has no buffer of its own at {binding}")
            by_binding[binding] = variable
        bound = zip(stage.bindings, stage.begins, strict=True)
        for binding, (number, begin) in enumerate(bound):
            if binding not in by_binding:
                raise _binding(f"{stage.entry_point}: nothing is declared at binding {binding}")
            variable, buffer = by_binding[binding], package.buffers[number]
            access = "read" if buffer.role is Role.INPUT else "read_write"
            if (variable.access or "read") != access:
                raise _binding(f"{variable.name}: buffer {number} is bound {access}")
            size, room = self._layout.size(variable.type), buffer.bound_bytes - begin
            if size is not None and size > room:
                raise PackageError(
                    Reason.BUFFER_LIMIT,
                    f"{variable.name} has {size} bytes, buffer {number} {room}",
                )

    @cached_property
    def _bindings(self) -> Mapping[str, int]:
        found = {}
        for name, variable in self._module.variables.items():
            if variable.space != "storage":
                continue
            if variable.attributes.keys() != {"group", "binding"}:
                raise _binding(f"{name} must have a group and a binding and nothing else")
            if self._layout.value(variable.attributes["group"]) != 0:
                raise _binding(f"{name}: buffers are bound only in group 0")
            found[name] = self._layout.value(variable.attributes["binding"])
        return found

    @cached_property
    def _reached(self) -> Mapping[str, set[str]]:
        """The variables that each function can reach; raises PackageError if calls are too deep."""
        variables: dict[str, set[str]] = {}
        expanded = self._expanded
        depths: dict[str, int] = {}
        for function in self._callees_first():
            words = Counter(token.text for token in function.text)
            touched = words.keys() & self._module.variables.keys()
            size, depth = len(function.text), 1
            for callee in words.keys() & self._module.functions.keys():
                touched |= variables[callee]
                depth = max(depth, depths[callee] + 1)
                size += words[callee] * expanded[callee]
            if size > MAX_EXPANDED_TOKENS:
                raise PackageError(
                    Reason.NESTING_LIMIT,
                    f"{function.name}: it has {size} tokens with all calls inlined, at most "
                    f"{MAX_EXPANDED_TOKENS}",
                )
            if depth > MAX_CALL_DEPTH:
                raise PackageError(
                    Reason.NESTING_LIMIT, f"{function.name}: calls deeper than {MAX_CALL_DEPTH}"
                )
            variables[function.name], expanded[function.name] = set(touched), size
            depths[function.name] = depth
        return variables

    def _callees_first(self) -> Iterator[Function]:
        functions = self._module.functions
        calls = {
            name: {token.text for token in function.text} & functions.keys()
            for name, function in functions.items()
        }
        try:
            yield from (functions[name] for name in TopologicalSorter(calls).static_order())
        except CycleError as error:
            name = error.args[1][0]
            raise malformed(f"{name} calls itself", functions[name].line) from None

    def _check_private(self) -> None:
        """Checks private memory: the stack and registers of one invocation."""
        private = sum(
            self._required_size(variable)
            for variable in self._module.variables.values()
            if variable.space == "private"
        )
        if private > MAX_PRIVATE_BYTES:
            raise _private("private variables", private, MAX_PRIVATE_BYTES)
        for name, value in self._module.constants.items():
            self._check_types(name, value)
        for function in self._module.functions.values():
            self._check_types(function.name, function.text)

    def _check_types(self, name: str, tokens: Tokens) -> None:
        total = 0
        for mention in self._types(tokens):
            size = self._layout.size(mention)
            if size is None:
                raise malformed(f"{name}: an array without a length", mention[0].line)
            if size > MAX_PRIVATE_BYTES:
                raise _private(f"{name}: a value", size, MAX_PRIVATE_BYTES)
            total += size
        if total > MAX_FUNCTION_BYTES:
            raise _private(f"{name}: values", total, MAX_FUNCTION_BYTES)

    def _types(self, tokens: Tokens) -> Iterator[Tokens]:
        named = self._module.structs.keys() | self._module.aliases.keys()
        for at, token in enumerate(tokens):
            before = [each.text for each in tokens[max(0, at - 4) : at]]
            if before[:2] == ["ptr", "<"] and before[-1] == ",":
                continue
            if token.text == "array":
                # Only a compiler knows the length of an array without a type.
                if at + 1 == len(tokens) or tokens[at + 1].text != "<":
                    raise malformed("write array<T, N>, so that its size is stated", token.line)
                yield tokens[at : _template_end(tokens, at + 1)]
            elif token.text in named and before[-1:] != ["."]:
                yield tokens[at : at + 1]

    def _required_size(self, variable: Variable) -> int:
        size = self._layout.size(variable.type)
        if size is None:
            raise malformed(f"{variable.name}: an array without a length", variable.line)
        return size


def _arguments(tokens: Tokens) -> list[Tokens]:
    parts: list[Tokens] = []
    start = depth = 0
    for at, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and depth == 0:
            parts.append(tokens[start:at])
            start = at + 1
    # The grammar allows a trailing comma.
    return [part for part in (*parts, tokens[start:]) if part]


def _template_end(tokens: Tokens, at: int) -> int:
    depth = brackets = 0
    for end in range(at, len(tokens)):
        text = tokens[end].text
        brackets += (text in ("(", "[")) - (text in (")", "]"))
        if brackets == 0:
            depth += (text == "<") - (text == ">")
            if depth == 0:
                return end + 1
    raise malformed("a template list is not closed", tokens[at].line)


def _binding(message: str) -> PackageError:
    return PackageError(Reason.BAD_BINDING, message)


def _private(what: str, size: int, most: int) -> PackageError:
    return PackageError(Reason.PRIVATE_LIMIT, f"{what} of {size} bytes, at most {most}")
