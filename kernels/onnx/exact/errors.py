"""The error for a network that cannot become an exact graph."""


class LoweringError(ValueError):
    """A node has no exact form; the message names the node and says what to do."""

    def __init__(self, node: str, message: str) -> None:
        super().__init__(f"{node}: {message}")
        self.node = node
        self.message = message
