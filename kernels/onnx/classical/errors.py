"""Errors of classical models."""


class UnsupportedModel(ValueError):  # noqa: N818
    """A node of a classical model, named by `node`, cannot be rewritten; `why` says what it has."""

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"{node}: {why}")
        self.node = node
        self.why = why
