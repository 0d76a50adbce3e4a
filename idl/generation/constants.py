"""The constants of an IDL: sets of codes, and limits.

`programs/protocol/src/codes.rs` writes them. An enum `BallotState` is a string constant
`BALLOT_STATE`, whose value is its name, and a constant per variant, as `BALLOT_STATE__DRAWN`. Every
other constant is a limit: one number.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SEPARATOR = "__"
INTEGERS = frozenset({"u8", "u16", "u32", "u64"})


class ConstantError(ValueError):
    """A constant breaks the convention; the message names it."""


@dataclass(frozen=True, slots=True)
class Number:
    """A named number: a limit, or one code of a set."""

    name: str
    value: int
    docs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeSet:
    """An enum of the chain: its codes in ascending order."""

    name: str
    docs: tuple[str, ...]
    codes: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Constants:
    """The code sets and limits that one program declares, by name."""

    code_sets: tuple[CodeSet, ...] = ()
    limits: tuple[Number, ...] = ()

    def chosen(self, names: Iterable[str]) -> "Constants":
        """Returns the sets and limits of these names; raises ConstantError if one is missing."""
        wanted = set(names)
        found = Constants(
            tuple(each for each in self.code_sets if each.name in wanted),
            tuple(each for each in self.limits if each.name in wanted),
        )
        known = {each.name for each in found.code_sets} | {each.name for each in found.limits}
        if missing := sorted(wanted - known):
            raise ConstantError(f"no codes or limits named {', '.join(missing)}")
        return found


def parse_constants(raw: Iterable[Mapping[str, Any]]) -> Constants:
    """Sorts an IDL's constants into code sets and limits; raises ConstantError."""
    titles: dict[str, tuple[str, tuple[str, ...]]] = {}
    members: dict[str, list[Number]] = {}
    limits = []
    for each in raw:
        name, docs = each["name"], tuple(each.get("docs", ()))
        if each["type"] == "string":
            titles[name] = (json.loads(each["value"]), docs)
            continue
        number = _number(each)
        prefix, separator, code = name.partition(SEPARATOR)
        if separator:
            members.setdefault(prefix, []).append(Number(code, number, docs))
        else:
            limits.append(Number(name, number, docs))
    if odd := sorted(titles.keys() ^ members.keys()):
        raise ConstantError(f"{odd[0]} needs both a name and codes")
    code_sets = [
        CodeSet(*titles[name], tuple(sorted(codes, key=lambda code: code.value)))
        for name, codes in members.items()
    ]
    for found in code_sets:
        if len({code.value for code in found.codes}) != len(found.codes):
            raise ConstantError(f"{found.name} has one code twice")
    return Constants(
        tuple(sorted(code_sets, key=lambda each: each.name)),
        tuple(sorted(limits, key=lambda each: each.name)),
    )


def _number(raw: Mapping[str, Any]) -> int:
    if raw["type"] not in INTEGERS or not str(raw["value"]).isdecimal():
        raise ConstantError(f"{raw['name']} is not an unsigned integer")
    return int(raw["value"])
