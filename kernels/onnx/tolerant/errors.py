"""What the tolerant class cannot run."""


class UnsupportedOperator(ValueError):  # noqa: N818
    """An operator, or this use of it, has no lowering; found before anything runs."""

    def __init__(self, operator: str, why: str) -> None:
        super().__init__(f"{operator}: {why}")
        self.operator = operator
        self.why = why


class BadInput(ValueError):  # noqa: N818
    """The inputs of a run are not those of the model."""
