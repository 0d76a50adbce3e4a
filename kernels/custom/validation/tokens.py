"""Tokens of a WGSL source (https://www.w3.org/TR/WGSL/#textual-structure).

Characters outside ASCII may stand only in comments, and `rebuilt` drops comments. So the compiler
reads no byte that it and this tokenizer could interpret differently.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType
from typing import NamedTuple

from kernels.custom.errors import PackageError, Reason

MAX_WORD_CHARACTERS = 64
MAX_NUMBER_CHARACTERS = 64

_BLANK = re.compile(r"[ \t\n\v\f\r]+")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*(?:[pP][+-]?[0-9]+)?[fhiu]?"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fhiu]?"
)
_SIGNS = frozenset("@(){}[]<>;:,.=!&|^~+-*/%")
# All characters that end a line, so that a line comment never hides text that a compiler reads.
_LINE_END = re.compile("[\n\v\f\r\x85\u2028\u2029]")
_COMMENT_MARK = re.compile(r"/\*|\*/")


class Kind(Enum):
    """The kind of a token."""

    WORD = auto()
    NUMBER = auto()
    SIGN = auto()


class Token(NamedTuple):
    """One word, number or single sign; gap is the white space before it."""

    kind: Kind
    text: str
    line: int
    gap: str = ""


def tokenize(source: str) -> list[Token]:
    """Returns the tokens of a source; raises PackageError (BadSource) where it is malformed."""
    found: list[Token] = []
    at, line, gap = 0, 1, ""
    while at < len(source):
        end = _skipped(source, at, line)
        if end is not None:
            lines = source.count("\n", at, end)
            line += lines
            gap += "\n" * lines or " "
            at = end
            continue
        token = _token(source, at, line, gap)
        found.append(token)
        at, gap = at + len(token.text), ""
    return found


def rebuilt(tokens: Iterable[Token], inserted: Mapping[int, str] = MappingProxyType({})) -> str:
    """Returns the text of these tokens on their lines, each followed by its inserted text."""
    return "".join(token.gap + token.text + inserted.get(at, "") for at, token in enumerate(tokens))


def malformed(message: str, line: int) -> PackageError:
    """Returns the error for a source that is refused at a line."""
    return PackageError(Reason.BAD_SOURCE, f"line {line}: {message}")


def texts(tokens: Sequence[Token]) -> list[str]:
    """Returns the text of each token."""
    return [token.text for token in tokens]


def _skipped(source: str, at: int, line: int) -> int | None:
    """Returns the end of the blanks or the comment that begin here, or None at a token."""
    if (blank := _BLANK.match(source, at)) is not None:
        return blank.end()
    if source.startswith("//", at):
        ended = _LINE_END.search(source, at)
        return ended.end() if ended is not None else len(source)
    if not source.startswith("/*", at):
        return None
    depth = 0
    for mark in _COMMENT_MARK.finditer(source, at):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    raise malformed("a comment without an end", line)


def _token(source: str, at: int, line: int, gap: str) -> Token:
    if (word := _WORD.match(source, at)) is not None:
        if len(word.group()) > MAX_WORD_CHARACTERS:
            raise malformed(f"a word of {len(word.group())} characters", line)
        return Token(Kind.WORD, word.group(), line, gap)
    number = _NUMBER.match(source, at)
    if number is not None:
        if len(number.group()) > MAX_NUMBER_CHARACTERS:
            raise malformed(f"a number of {len(number.group())} characters", line)
        if _WORD.match(source, number.end()) is not None:
            raise malformed(f"{number.group()!r} runs into a word", line)
        return Token(Kind.NUMBER, number.group(), line, gap)
    if source[at] not in _SIGNS:
        raise malformed(f"{source[at]!r} is not WGSL outside a comment", line)
    return Token(Kind.SIGN, source[at], line, gap)
