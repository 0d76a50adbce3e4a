"""Reasons to refuse a model."""

from enum import StrEnum


class Reason(StrEnum):
    """The rule that a model breaks."""

    BAD_FILE = "BadFile"
    TOO_LARGE = "TooLarge"
    BAD_VERSION = "BadVersion"
    EXTERNAL_PATH = "ExternalPath"
    EXTERNAL_DATA = "ExternalData"
    BAD_DIMENSION = "BadDimension"
    TENSOR_LIMIT = "TensorLimit"
    BAD_TENSOR = "BadTensor"
    UNSUPPORTED_TYPE = "UnsupportedType"
    DUPLICATE_NAME = "DuplicateName"
    UNDEFINED_INPUT = "UndefinedInput"
    CYCLE = "Cycle"
    NOT_SORTED = "NotSorted"
    NODE_LIMIT = "NodeLimit"
    NESTING_LIMIT = "NestingLimit"
    CHECKER = "Checker"


class ModelError(ValueError):
    """A model breaks a rule, named by `reason`."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
