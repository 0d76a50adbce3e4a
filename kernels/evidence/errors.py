"""Why evidence is refused."""

from enum import StrEnum


class Reason(StrEnum):
    """Names shared with the referee on chain."""

    UNKNOWN_OPERATOR = "UnknownOperator"
    ELEMENT_OUT_OF_RANGE = "ElementOutOfRange"
    NOT_COMMITTED = "NotCommitted"
    WRONG_LENGTH = "WrongLength"
    WRONG_DESCRIPTOR = "WrongDescriptor"
    WRONG_OUTPUT = "WrongOutput"
    WRONG_OPERAND = "WrongOperand"
    UNPROVABLE = "Unprovable"


class EvidenceError(ValueError):
    """An element cannot be judged; `reason` names the rule, `slot` the operand if it is one."""

    def __init__(self, reason: Reason, message: str, slot: int | None = None) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.slot = slot
