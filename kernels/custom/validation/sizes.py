"""Values of constant expressions and sizes of types (https://www.w3.org/TR/WGSL/#memory-layouts).

Covers what lengths of arrays and workgroups need: integers, constants, + - * / %, shifts and
brackets. An expression that it cannot evaluate is refused, never guessed.
"""

import re
from collections.abc import Sequence

from kernels.custom.errors import PackageError, Reason
from kernels.custom.validation.module import Module, Tokens, attributes_of, split
from kernels.custom.validation.tokens import Kind, Token, malformed, texts

MAX_BRACKETS = 32
# The nesting depth of a composite type (https://www.w3.org/TR/WGSL/#limits).
MAX_TYPE_DEPTH = 15
MAX_VALUE = (1 << 32) - 1
MAX_MEMBERS = 1024

_COMPOSITE = re.compile(r"vec[234][iufh]?|mat[234]x[234][fh]?")
_SCALARS = {"bool": 4, "i32": 4, "u32": 4, "f32": 4, "f16": 2}
_SHORT = {"i": 4, "u": 4, "f": 4, "h": 2}
_OPERATORS = (("<<", ">>"), ("+", "-"), ("*", "/", "%"))


class Layout:
    """The sizes of a module's types, each computed once."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._values: dict[str, int] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._brackets = self._types = 0

    def value(self, tokens: Tokens) -> int:
        """Returns a constant expression's value, 0 to 2^32 - 1; raises PackageError for others."""
        line = tokens[0].line if tokens else 0
        found = self._expression(_joined(tokens), 0)
        if not 0 <= found <= MAX_VALUE:
            raise malformed(f"{found} is outside 0..{MAX_VALUE}", line)
        return found

    def size(self, tokens: Tokens) -> int | None:
        """Returns the bytes of a type, or None where its length is known only at run time.

        Raises PackageError where the type is unknown.
        """
        sized = self._type(tokens)
        return sized[0] if sized is not None else None

    def _expression(self, tokens: Sequence[Token], level: int) -> int:
        self._brackets += 1
        if self._brackets > MAX_BRACKETS * (len(_OPERATORS) + 1):
            raise _deep("constants", tokens)
        try:
            if level == len(_OPERATORS):
                return self._operand(tokens)
            depth = 0
            for at in range(len(tokens) - 1, 0, -1):
                text = tokens[at].text
                depth += (text == ")") - (text == "(")
                if depth == 0 and text in _OPERATORS[level]:
                    left = self._expression(tokens[:at], level)
                    right = self._expression(tokens[at + 1 :], level + 1)
                    return _applied(text, left, right, tokens[at].line)
            return self._expression(tokens, level + 1)
        finally:
            self._brackets -= 1

    def _operand(self, tokens: Sequence[Token]) -> int:
        if len(tokens) > 2 and tokens[0].text in ("u32", "i32") and tokens[1].text == "(":
            return self._operand(tokens[1:])
        if len(tokens) > 2 and (tokens[0].text, tokens[-1].text) == ("(", ")"):
            return self._expression(tokens[1:-1], 0)
        if len(tokens) == 1 and tokens[0].kind is Kind.NUMBER:
            try:
                return int(tokens[0].text.rstrip("iu"), 0)
            except ValueError:
                raise _unknown(tokens) from None
        if len(tokens) == 1 and tokens[0].text in self._module.constants:
            return self._constant(tokens[0].text)
        raise _unknown(tokens)

    def _constant(self, name: str) -> int:
        if name not in self._values:
            self._values[name] = self._expression(_joined(self._module.constants[name]), 0)
        return self._values[name]

    def _type(self, tokens: Tokens) -> tuple[int, int] | None:
        """Returns size and alignment in bytes, or None if the length is known only at run time."""
        self._types += 1
        if self._types > MAX_TYPE_DEPTH:
            raise _deep("types", tokens)
        try:
            return self._laid_out(tokens)
        finally:
            self._types -= 1

    def _laid_out(self, tokens: Tokens) -> tuple[int, int] | None:
        if not tokens:
            raise malformed("a type is missing", 0)
        name, inner = tokens[0].text, tokens[2:-1]
        if name in self._module.structs or name in self._module.aliases:
            return self._named(name)
        if name in _SCALARS:
            return _SCALARS[name], _SCALARS[name]
        if name == "atomic":
            return self._type(inner)
        if name == "array" and len(tokens) > 3:
            return self._array(split(inner, ","))
        if _COMPOSITE.fullmatch(name) is not None:
            return self._composite(tokens)
        raise _unknown(tokens)

    def _named(self, name: str) -> tuple[int, int] | None:
        if name in self._sizes:
            return self._sizes[name]
        if name in self._module.aliases:
            found = self._type(self._module.aliases[name])
        else:
            found = self._struct(self._module.structs[name])
        if found is not None:
            self._sizes[name] = found
        return found

    def _array(self, parts: Sequence[Tokens]) -> tuple[int, int] | None:
        element = self._type(parts[0])
        if element is None:
            raise malformed("an array of arrays without a length", parts[0][0].line)
        size, alignment = element
        if len(parts) == 1:
            return None
        count = self.value(parts[1])
        if count == 0:
            raise malformed("an array of no elements", parts[1][0].line)
        return count * _rounded(size, alignment), alignment

    def _composite(self, tokens: Tokens) -> tuple[int, int]:
        name = tokens[0].text
        shape = [int(digit) for digit in name if digit in "234"]
        inner = tokens[2].text if len(tokens) > 3 else name[-1]
        size = _SCALARS.get(inner) or _SHORT.get(inner, 4)
        rows = shape[-1] if shape else 4
        column = rows * size
        alignment = size * (2 if rows == 2 else 4)
        if not name.startswith("mat"):
            return column, alignment
        columns = shape[0] if shape else 4
        return columns * _rounded(column, alignment), alignment

    def _struct(self, members: Tokens) -> tuple[int, int] | None:
        offset, widest = 0, 4
        parts = [part for part in split(members, ",") if part]
        if not 1 <= len(parts) <= MAX_MEMBERS:
            line = members[0].line if members else 0
            raise malformed(f"a struct of {len(parts)} members", line)
        for number, part in enumerate(parts):
            attributes, at = attributes_of(part, 0)
            laid_out = self._type(part[at + 2 :])
            if laid_out is None:
                if number + 1 < len(parts):
                    raise malformed("only the last member may lack a length", part[0].line)
                return None
            size, alignment = laid_out
            if "align" in attributes:
                alignment = max(alignment, self.value(attributes["align"]))
            if "size" in attributes:
                size = max(size, self.value(attributes["size"]))
            offset = _rounded(offset, alignment) + size
            widest = max(widest, alignment)
        return _rounded(offset, widest), widest


def _joined(tokens: Tokens) -> list[Token]:
    """Returns the tokens with the two halves of each shift operator joined."""
    found: list[Token] = []
    for token in tokens:
        if token.text in "<>" and found and found[-1].text == token.text and not token.gap:
            found[-1] = found[-1]._replace(text=token.text * 2)
        else:
            found.append(token)
    return found


def _applied(sign: str, left: int, right: int, line: int) -> int:
    if sign in ("/", "%") and right == 0:
        raise malformed("division by zero", line)
    if sign in ("<<", ">>") and not 0 <= right < 32:
        raise malformed(f"a shift by {right}", line)
    match sign:
        case "+":
            found = left + right
        case "-":
            found = left - right
        case "*":
            found = left * right
        case "/":
            found = left // right
        case "%":
            found = left % right
        case "<<":
            found = left << right
        case _:
            found = left >> right
    if not 0 <= found <= MAX_VALUE:
        raise malformed(f"{found} is outside 0..{MAX_VALUE}", line)
    return found


def _rounded(size: int, alignment: int) -> int:
    alignment = max(1, alignment)
    return -(-size // alignment) * alignment


def _deep(what: str, tokens: Sequence[Token]) -> PackageError:
    line = tokens[0].line if tokens else 0
    return PackageError(Reason.NESTING_LIMIT, f"line {line}: {what} nest too deep")


def _unknown(tokens: Sequence[Token]) -> PackageError:
    text = " ".join(texts(tokens)[:12])
    line = tokens[0].line if tokens else 0
    return malformed(f"{text!r} has no size that is known before compiling", line)
