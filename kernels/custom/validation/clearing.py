"""Zeros every workgroup variable that an entry point can touch, before the entry point starts.

WebGPU promises zeros, but an adapter may break the promise: lavapipe (Mesa 22.3) leaves what the
last workgroup of the process wrote. Storage, private and function memory do start as zeros.
"""

from collections.abc import Sequence

from kernels.custom.errors import PackageError, Reason
from kernels.custom.validation.module import (
    RESERVED_PREFIX,
    Function,
    Module,
    Tokens,
    Variable,
    attributes_of,
    split,
)
from kernels.custom.validation.tokens import rebuilt

LANE = f"{RESERVED_PREFIX}lane"
LANE_BUILTIN = "local_invocation_index"
MAX_DEPTH = 8


class Clearing:
    """The text that makes one entry point clear its workgroup memory first."""

    def __init__(
        self, module: Module, entry: Function, variables: Sequence[Variable], lanes: int
    ) -> None:
        self._module = module
        self._lanes = lanes
        self._names = 0
        self._atomics: dict[str, bool] = {}
        name = f"{RESERVED_PREFIX}clear_{entry.name}"
        statements = "".join(self._shared(each.name, each.type) for each in variables)
        self.function = f"fn {name}({LANE}: u32) {{ {statements}workgroupBarrier(); }}"
        own = self._lane_of(entry)
        self.call = f" {name}({own or LANE});"
        self.parameter = "" if own else f"@builtin({LANE_BUILTIN}) {LANE}: u32, "

    def _shared(self, place: str, kind: Tokens) -> str:
        """All invocations clear an array's elements together; the first one clears other types."""
        kind = self._resolved(kind)
        if kind[0].text == "array":
            return self._loop(place, kind, f"{LANE}", self._lanes, 0)
        return f"if {LANE} == 0u {{ {self._cleared(place, kind, 0)} }} "

    def _loop(self, place: str, kind: Tokens, first: str, step: int, depth: int) -> str:
        element, count = split(kind[2:-1], ",")[:2]
        self._names += 1
        at = f"{RESERVED_PREFIX}at{self._names}"
        inner = self._cleared(f"{place}[{at}]", element, depth + 1)
        return (
            f"for (var {at} = {first}; {at} < u32({_text(count)}); {at} += {step}u) {{ {inner} }} "
        )

    def _cleared(self, place: str, kind: Tokens, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise PackageError(
                Reason.NESTING_LIMIT, f"{place}: workgroup types nest deeper than {MAX_DEPTH}"
            )
        if not self._atomic(kind):
            return f"{place} = {_text(kind)}();"
        kind = self._resolved(kind)
        if kind[0].text == "atomic":
            return f"atomicStore(&{place}, {_text(kind[2:-1])}());"
        if kind[0].text == "array":
            return self._loop(place, kind, "0u", 1, depth)
        members = []
        for part in split(self._module.structs[kind[0].text], ","):
            if part:
                _, at = attributes_of(part, 0)
                members.append(self._cleared(f"{place}.{part[at].text}", part[at + 2 :], depth + 1))
        return " ".join(members)

    def _atomic(self, kind: Tokens) -> bool:
        """Returns whether a type holds an atomic, so that it has no constructor."""
        return any(
            token.text == "atomic" or self._named_atomic(token.text)
            for token in kind
            if token.text in self._module.structs
            or token.text in self._module.aliases
            or token.text == "atomic"
        )

    def _named_atomic(self, name: str) -> bool:
        if name not in self._atomics:
            # The sizes of all types are known by now, so no type contains itself.
            kind = self._module.structs.get(name) or self._module.aliases[name]
            self._atomics[name] = self._atomic(kind)
        return self._atomics[name]

    def _resolved(self, kind: Tokens) -> Tokens:
        for _ in range(MAX_DEPTH):
            if kind[0].text not in self._module.aliases:
                break
            kind = self._module.aliases[kind[0].text]
        return kind

    def _lane_of(self, entry: Function) -> str | None:
        """Returns the entry point's own name for its local invocation index, or None."""
        for part in split(entry.parameters, ","):
            attributes, at = attributes_of(part, 0)
            if len(part) < at + 3:
                continue
            if _is_lane(attributes.get("builtin")):
                return part[at].text
            for member in split(self._module.structs.get(part[at + 2].text, ()), ","):
                inside, name = attributes_of(member, 0)
                if _is_lane(inside.get("builtin")):
                    return f"{part[at].text}.{member[name].text}"
        return None


def _is_lane(builtin: Tokens | None) -> bool:
    return builtin is not None and [token.text for token in builtin] == [LANE_BUILTIN]


def _text(tokens: Tokens) -> str:
    return rebuilt(tokens).replace("\n", " ").strip()
