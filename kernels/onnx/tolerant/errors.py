"""Errors of the tolerant class."""


class UnsupportedOperator(ValueError):  # noqa: N818
    """An operator, or this use of it, has no lowering; raised before anything runs."""

    def __init__(self, operator: str, why: str) -> None:
        super().__init__(f"{operator}: {why}")
        self.operator = operator
        self.why = why


class BeyondFloat32(UnsupportedOperator):
    """A run's result of float64 is not finite in float32; raised in the place of a wrong result."""


class BadInput(ValueError):  # noqa: N818
    """The inputs of a run differ from those of the model."""
