"""The error for a network that cannot become an exact graph."""

from collections.abc import Sequence


class FormError(ValueError):
    """A tensor cannot take the form that an operator needs; the lowering names the node."""


class LoweringError(ValueError):
    """A node has no exact form; the message names the node and says what to do.

    `others` are further nodes of the same network without an exact form.
    """

    def __init__(self, node: str, message: str) -> None:
        super().__init__(f"{node}: {message}")
        self.node = node
        self.message = message
        self.others: tuple[LoweringError, ...] = ()

    @classmethod
    def of(cls, errors: Sequence["LoweringError"]) -> "LoweringError":
        """Returns one error that tells all of them, one per line, each once."""
        told = list({str(error): error for error in errors}.values())
        if len(told) == 1:
            return told[0]
        lines = "".join(f"\n{error}" for error in told[1:])
        joined = cls(told[0].node, told[0].message + lines)
        joined.others = tuple(told[1:])
        return joined
