"""Why a descriptor, a graph or a graph file is refused."""

from enum import StrEnum


class Reason(StrEnum):
    """Names shared with the validator on chain."""

    BAD_LENGTH = "BadLength"
    BAD_VERSION = "BadVersion"
    UNKNOWN_OPCODE = "UnknownOpcode"
    BAD_DTYPE = "BadDtype"
    BAD_INPUT_COUNT = "BadInputCount"
    BAD_ROUNDING = "BadRounding"
    BAD_INPUT_KIND = "BadInputKind"
    RESERVED_NOT_ZERO = "ReservedNotZero"
    BAD_SHAPE = "BadShape"
    BAD_WINDOW = "BadWindow"
    BAD_VALUE = "BadValue"
    BAD_CHANNELS = "BadChannels"
    BAD_ROOT = "BadRoot"
    TENSOR_LIMIT = "TensorLimit"
    OPERAND_LIMIT = "OperandLimit"
    RUN_LIMIT = "RunLimit"
    BAD_MULTIPLY_ADDS = "BadMultiplyAdds"
    OPERATOR_LIMIT = "OperatorLimit"
    INPUT_LIMIT = "InputLimit"
    BAD_TOPOLOGY = "BadTopology"
    OPERAND_MISMATCH = "OperandMismatch"
    BAD_CONSTANT = "BadConstant"
    BAD_FILE = "BadFile"


class GraphError(ValueError):
    """A descriptor, graph or graph file breaks a rule; `reason` names the rule."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message

    def at(self, index: int, opcode: str) -> "GraphError":
        """Returns the same error with the operator that it is about."""
        return GraphError(self.reason, f"operator {index} ({opcode}): {self.message}")
