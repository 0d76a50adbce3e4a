"""The constants that tuning may choose for a kernel: its manifest's [tuning] table."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


class SpaceError(ValueError):
    """A [tuning] table is malformed, or none of its points satisfies its constraints."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A point is in the space only if the product of these constants is at most `most`."""

    names: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Space:
    """The values of each constant, the default first, and the constraints on them."""

    values: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> "Space":
        """Returns the space that a table describes; raises SpaceError when it is malformed.

        The table maps upper-case names to lists of distinct u32, and optionally `constraints` to
        tables of a `product` of names and the `most` that it may be.
        """
        values = {name: each for name, each in table.items() if name != "constraints"}
        for name, each in values.items():
            if not _NAME.fullmatch(name):
                raise SpaceError(f"{name!r} is not an upper-case name of a constant")
            whole = isinstance(each, list) and all(type(value) is int for value in each)
            if not whole or not each or len(set(each)) < len(each):
                raise SpaceError(f"{name} must list distinct integers")
            if min(each) < 0 or max(each) >= 1 << 32:
                raise SpaceError(f"{name} has a value that is not a u32")
        constraints = tuple(_constraint(each, values) for each in table.get("constraints", []))
        space = cls({name: tuple(each) for name, each in values.items()}, constraints)
        if space.default not in space:
            raise SpaceError("the first values break a constraint, so there is no default")
        return space

    @property
    def default(self) -> Mapping[str, int]:
        """The point of the first values."""
        return {name: each[0] for name, each in self.values.items()}

    def points(self) -> Iterator[Mapping[str, int]]:
        """Yields every point within the constraints, the default first."""
        for chosen in product(*self.values.values()):
            point = dict(zip(self.values, chosen, strict=True))
            if point in self:
                yield point

    def within(self, limits: Mapping[tuple[str, ...], int]) -> "Space":
        """Returns the space with further constraints, which may exclude its default."""
        more = tuple(Constraint(names, most) for names, most in limits.items())
        return Space(self.values, self.constraints + more)

    def __contains__(self, point: object) -> bool:
        """Returns whether a mapping is a point of the space."""
        if not isinstance(point, Mapping) or set(point) != set(self.values):
            return False
        return all(point[name] in each for name, each in self.values.items()) and all(
            prod(point[name] for name in each.names) <= each.most for each in self.constraints
        )


def specialise(source: str, values: Mapping[str, int]) -> str:
    """Returns WGSL text preceded by `const NAME: u32 = VALUEu;` per value."""
    return "".join(f"const {name}: u32 = {value}u;\n" for name, value in values.items()) + source


def _constraint(table: Any, values: Mapping[str, Any]) -> Constraint:
    if not isinstance(table, Mapping) or set(table) != {"product", "most"}:
        raise SpaceError("a constraint has a `product` and the `most` that it may be")
    names, most = table["product"], table["most"]
    if not isinstance(names, list) or not names or not set(names) <= set(values):
        raise SpaceError(f"the constraint on {names} names something that the table lacks")
    if type(most) is not int:
        raise SpaceError(f"the constraint on {', '.join(names)} has no whole number as `most`")
    return Constraint(tuple(names), most)
