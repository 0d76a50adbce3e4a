"""Random one-operator graphs: each operator's test folder has a strategy, `case` in case.py."""

from collections.abc import Callable, Mapping

from hypothesis import strategies as st

from kernels.graph import Opcode
from kernels.scan import modules_named
from tests.kernels.strategies import Case

__all__ = ["CASES", "Case"]

_FOUND = {
    module.__name__.split(".")[-2]: module.case
    for module in modules_named("tests.kernels.exact", "case")
}

CASES: Mapping[Opcode, Callable[[], st.SearchStrategy[Case]]] = {
    opcode: _FOUND[opcode.name.lower()] for opcode in Opcode
}
