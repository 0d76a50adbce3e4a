"""Registers the functions that lower ONNX operators: a mark on each, and a scan that finds them."""

from collections.abc import Callable
from typing import Any, TypeVar

from kernels.scan import modules

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "onnx_operators"


def operator(*names: str) -> Callable[[F], F]:
    """Marks a function as the lowering of the ONNX operators of these names."""

    def mark(lowering: F) -> F:
        lowering.__dict__[_MARK] = names
        return lowering

    return mark


def lowerings(package: str) -> dict[str, Any]:
    """Returns every marked function of a package's modules by the operators that it lowers.

    Raises ValueError when two functions lower one operator.
    """
    found: dict[str, Any] = {}
    for module in modules(package):
        for value in vars(module).values():
            for name in getattr(value, _MARK, ()):
                if found.setdefault(name, value) is not value:
                    raise ValueError(f"{package} lowers {name} twice")
    return found
