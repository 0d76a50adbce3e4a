"""Bounds how deep a source nests, so that a compiler's recursion keeps within its stack."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernels.custom.errors import PackageError, Reason
from kernels.custom.validation.tokens import Token, malformed

MAX_DEPTH = 64
# Operators, members and indices in a row in one expression, which parse as a tree of that depth.
MAX_CHAIN = 256
MAX_PREFIXES = 8
MAX_CASES = 1024

_CLOSES = {"(": ")", "[": "]", "{": "}"}
_SEPARATES = frozenset(",;:{}")
_LINKS = frozenset("<>=!&|^~+-*/%.[(")
_PREFIXES = frozenset("-!~&*")


@dataclass(slots=True)
class _Level:
    closes: str
    chain: int = 0
    branches: int = 0

    def count(self, text: str) -> None:
        """Counts a token at this level."""
        if text in _SEPARATES:
            self.chain = 0
        elif text in _LINKS:
            self.chain += 1
        elif text == "else":
            self.branches += 1


def check_nesting(tokens: Sequence[Token]) -> None:
    """Raises PackageError unless brackets match and no expression or statement nests too deep."""
    levels = [_Level("")]
    prefixes, cases, before = 0, 0, ""
    for token in tokens:
        text = token.text
        prefixes = prefixes + 1 if text in _PREFIXES else 0
        cases += text == "case"
        if before == "}" and text != "else":
            levels[-1].branches = 0
        levels[-1].count(text)
        if text in _CLOSES:
            levels.append(_Level(_CLOSES[text]))
        elif text in (")", "]", "}") and levels.pop().closes != text:
            raise malformed(f"{text!r} closes nothing", token.line)
        _check(token, levels, prefixes, cases)
        before = text
    if len(levels) > 1:
        raise malformed(f"{levels[-1].closes!r} is missing", tokens[-1].line)


def _check(token: Token, levels: Sequence[_Level], prefixes: int, cases: int) -> None:
    depth = len(levels) - 1 + sum(each.branches for each in levels)
    for found, most, what in (
        (depth, MAX_DEPTH, "levels of nesting"),
        (levels[-1].chain, MAX_CHAIN, "operators in an expression"),
        (prefixes, MAX_PREFIXES, "prefix operators in a row"),
        (cases, MAX_CASES, "cases"),
    ):
        if found > most:
            raise PackageError(Reason.NESTING_LIMIT, f"line {token.line}: more than {most} {what}")
