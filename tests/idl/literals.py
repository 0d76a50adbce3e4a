"""Finds codes and limits of the chain that Python retypes instead of importing the bindings.

Three forms of a copy are found, by the generated lists:

- an enum, or a class of constants, with members of a code set at the same codes;
- a constant with the name of a limit or of a code, and its value;
- a code written as a number: compared with a field that stores codes, or passed as one.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from idl.generation.constants import Constants

_FIELD = re.compile(r"`\w+\.(\w+)`")


@dataclass(frozen=True, slots=True)
class Copy:
    """One place that retypes what the chain defines."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.line}: {self.what}"


class Literals:
    """The constants of every program, which nothing else may define."""

    def __init__(self, programs: Sequence[Constants]) -> None:
        self.code_sets = [each for program in programs for each in program.code_sets]
        self.limits = {each.name: each.value for program in programs for each in program.limits}
        self.codes = {(code.name, code.value) for each in self.code_sets for code in each.codes}
        self.fields = {
            field for each in self.code_sets for field in _FIELD.findall(" ".join(each.docs))
        }

    def copies(self, source: str) -> list[Copy]:
        """Returns every copy in a Python source, by line."""
        module = ast.parse(source)
        found = [
            Copy(statement.lineno, f"{name} = {value}")
            for statement in module.body
            for name, value in _assigned(statement)
            if self._is_copy(name.lstrip("_"), value)
        ]
        for node in ast.walk(module):
            match node:
                case ast.ClassDef():
                    found += [Copy(node.lineno, what) for what in self._repeated(node)]
                case ast.Compare() if self._compares(node):
                    found.append(Copy(node.lineno, ast.unparse(node)))
                case ast.keyword(arg=str(name), value=value):
                    if name in self.fields and _number(value) is not None:
                        found.append(Copy(node.lineno, ast.unparse(node)))
        return sorted(found, key=lambda copy: copy.line)

    def _compares(self, node: ast.Compare) -> bool:
        sides = [node.left, *node.comparators]
        fields = {each.attr for each in sides if isinstance(each, ast.Attribute)}
        return bool(self.fields & fields) and any(map(_has_number, sides))

    def _is_copy(self, name: str, value: int) -> bool:
        """Returns whether an assignment copies a code or a limit.

        A limit's name of several words is unique, so a stale value counts as a copy, too.
        """
        if name in self.limits:
            return "_" in name or self.limits[name] == value
        return (name, value) in self.codes

    def _repeated(self, node: ast.ClassDef) -> Iterator[str]:
        members = {pair for statement in node.body for pair in _assigned(statement)}
        for each in self.code_sets:
            if len(members & {(code.name, code.value) for code in each.codes}) >= 2:
                yield f"class {node.name} repeats {each.name}"
                return


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, int]]:
    """Yields names and numbers of `A = 1`, `A: Final = 1`, `A, B = 0, 1`, `A, B = range(2)`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield from _pair(name, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield from _pair(name, value)
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            for target, value in zip(names, values, strict=False):
                if isinstance(target, ast.Name):
                    yield from _pair(target.id, value)
        case ast.Assign(
            targets=[ast.Tuple(elts=names)],
            value=ast.Call(func=ast.Name(id="range"), args=[_]),
        ):
            for number, target in enumerate(names):
                if isinstance(target, ast.Name):
                    yield target.id, number


def _pair(name: str, value: ast.expr) -> Iterator[tuple[str, int]]:
    if (number := _number(value)) is not None:
        yield name, number


def _number(node: ast.expr) -> int | None:
    """Returns the value of an expression of integer literals, such as `2**64 - 1`, else None."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int(value)):
            return value
        case ast.BinOp() | ast.UnaryOp():
            plain = (ast.BinOp, ast.UnaryOp, ast.Constant, ast.operator, ast.unaryop)
            if all(isinstance(each, plain) for each in ast.walk(node)):
                value = eval(compile(ast.Expression(node), "literal", "eval"))
                return value if isinstance(value, int) else None
    return None


def _has_number(node: ast.expr) -> bool:
    elements = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return any(_number(each) is not None for each in elements)
