"""The operator tables of kernels/README.md, generated from the operators."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from kernels.codes import Rounding
from kernels.descriptor.signature import Signature, Slot
from kernels.exact.library import operators
from kernels.exact.operator import Operator

PATH = Path(__file__).parent.parent / "README.md"

_WINDOW = "kernel, stride, dilation, padding"


def text() -> str:
    """Returns the README with its tables as the operators have them now.

    Raises ValueError when the README lacks the marks of a table.
    """
    found = PATH.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->\n"
        if found.count(begin) != 1 or found.count(end) != 1:
            raise ValueError(f"{PATH.name} has no place for the table of {name}")
        before, rest = found.split(begin)
        _, after = rest.split(end)
        found = f"{before}{begin}\n{table()}\n{end}{after}"
    return found


def _operators() -> str:
    head = ("code", "operator", "dtype in → out", "inputs", "output")
    return _table(
        head,
        (
            (
                str(int(each.opcode)),
                _name(each),
                " or ".join(
                    f"{before.name.lower()} → {after.name.lower()}"
                    for form in _forms(each)
                    for before, after in form.dtypes
                ),
                each.notes.inputs,
                each.notes.output,
            )
            for each in operators().values()
        ),
    )


def _fields() -> str:
    return _table(
        ("opcode", "inputs", "further fields"),
        (
            (_name(each) + (" to int8" if form is each.narrowed else ""), *_cells(each, form))
            for each in operators().values()
            for form in _forms(each)
        ),
    )


def _work() -> str:
    return _table(
        ("opcode", "taps", "operand bytes", "runs"),
        (
            (_name(each), each.notes.taps, each.notes.operand_bytes, each.notes.runs)
            for each in operators().values()
        ),
    )


def _name(operator: Operator) -> str:
    return operator.name.replace("_", " ")


def _forms(operator: Operator) -> list[Signature]:
    return [form for form in (operator.signature, operator.narrowed) if form is not None]


def _cells(operator: Operator, form: Signature) -> tuple[str, str]:
    return _inputs(form), _further(operator, form)


def _inputs(form: Signature) -> str:
    slots = enumerate(form.slots, 1)
    return " ".join(["0: not constant.", *(_slot(at, slot) for at, slot in slots)])


def _slot(position: int, slot: Slot) -> str:
    dtype = "of dtype out" if slot.dtype is None else slot.dtype.name.lower()
    optional = ", optional" if slot.optional else ""
    computed = ", or not constant" if slot.computed else ""
    return f"{position}{optional}: constant {int(slot.constant)}{computed}; {dtype}."


def _further(operator: Operator, signature: Signature) -> str:
    parts = ["rounding = 1"] if signature.rounding is Rounding.HALF_UP else []
    parts += [
        _WINDOW if field == "window" else field.replace("_", " ") for field in signature.fields
    ]
    listed = ", ".join(parts) or "none"
    return f"{listed}. {operator.notes.rule}" if operator.notes.rule else listed


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "operators": _operators,
    "fields": _fields,
    "work": _work,
}
