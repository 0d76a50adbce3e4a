"""One kernel of a plan before it is fused with others: its code, and what the code reads."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kernels.onnx.tolerant.element import Element
from kernels.onnx.tolerant.errors import UnsupportedOperator
from kernels.onnx.tolerant.wgsl import used_functions

_READ = re.compile(r"\$(v?)(\d+)\[")
_WRITE = re.compile(r"\$out\[")
_LOOP = re.compile(r"\b(?:for|while|loop)\b")


@dataclass(frozen=True, slots=True)
class Read:
    """One place where code reads a buffer; `index` is the code of the element's number.

    vector: the buffer is read as vectors of four lanes, and `index` counts those.
    """

    buffer: int
    index: str
    vector: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """Code that computes the `size` elements of the buffer `target`.

    Without `invocations`, the code of invocation i computes lane `r` of element i. With them, it
    writes all elements itself, as `$out[place] = value;`, and leaves out invocations beyond the
    last one. `$k[...]` reads buffers[k], `$vk[...]` reads it as vectors. streamed: each element of
    the inputs is read once in all.
    """

    code: str
    buffers: tuple[int, ...]
    target: int
    element: Element
    size: int
    invocations: int | None
    streamed: bool
    reads: tuple[Read, ...]

    @classmethod
    def of(
        cls,
        code: str,
        buffers: Sequence[int],
        target: tuple[int, Element, int],
        invocations: int | None,
        streamed: bool,
    ) -> "Operation":
        """Returns the operation with the reads that its code states."""
        found: list[Read] = []

        def note(read: Read) -> str:
            found.append(read)
            return ""

        rewritten(code, buffers, note)
        return cls(code, tuple(buffers), *target, invocations, streamed, tuple(found))

    @property
    def is_pointwise(self) -> bool:
        """Whether an element costs so little that it may be computed where it is read.

        Code with loops is not, because an invocation has a limited number of turns in all.
        """
        if self.invocations is not None:
            return False
        return _LOOP.search(f"{self.code}\n{used_functions(self.code)}") is None


def rewritten(code: str, buffers: Sequence[int], replace: Callable[[Read], str]) -> str:
    """Returns code with each read replaced, those inside of an index first."""
    parts, at = [], 0
    for found in _READ.finditer(code):
        if found.start() < at:
            continue
        end = _closing(code, found.end())
        index = rewritten(code[found.end() : end], buffers, replace)
        parts += [
            code[at : found.start()],
            replace(Read(buffers[int(found[2])], index, bool(found[1]))),
        ]
        at = end + 1
    return "".join([*parts, code[at:]])


def written(code: str, replace: Callable[[str, str], str]) -> str:
    """Returns code with each `$out[place] = value;` replaced by a statement of place and value."""
    parts, at = [], 0
    for found in _WRITE.finditer(code):
        end = _closing(code, found.end())
        stop = code.index(";", end)
        place, value = code[found.end() : end], code[end + 1 : stop].strip().removeprefix("=")
        parts += [code[at : found.start()], replace(place, value.strip())]
        at = stop + 1
    return "".join([*parts, code[at:]])


def _closing(code: str, start: int) -> int:
    depth = 1
    for at in range(start, len(code)):
        depth += (code[at] == "[") - (code[at] == "]")
        if not depth:
            return at
    raise UnsupportedOperator("code", "a bracket is not closed")
