"""Reasons to refuse a kernel package, and the errors of a run that ends without an output."""

from enum import StrEnum


class Reason(StrEnum):
    """The rule that a package or its inputs break."""

    BAD_FILE = "BadFile"
    BAD_NAME = "BadName"
    BAD_SOURCE = "BadSource"
    BAD_ENTRY_POINT = "BadEntryPoint"
    BAD_WORKGROUPS = "BadWorkgroups"
    BAD_STAGE = "BadStage"
    BAD_BUFFER = "BadBuffer"
    BAD_TOLERANCE = "BadTolerance"
    BAD_BINDING = "BadBinding"
    BAD_INPUT = "BadInput"
    SOURCE_LIMIT = "SourceLimit"
    FORBIDDEN_FEATURE = "ForbiddenFeature"
    NESTING_LIMIT = "NestingLimit"
    PRIVATE_LIMIT = "PrivateLimit"
    WORKGROUP_LIMIT = "WorkgroupLimit"
    MEMORY_LIMIT = "MemoryLimit"
    BINDING_LIMIT = "BindingLimit"
    BUFFER_LIMIT = "BufferLimit"
    DISPATCH_LIMIT = "DispatchLimit"


class PackageError(ValueError):
    """A package or its inputs break a rule, named by `reason`."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class RunError(RuntimeError):
    """A run ended without an output."""


class ShaderError(RunError):
    """The adapter's compiler refuses the source, or its bindings differ from the package's."""


class DeadlineExceeded(RunError):  # noqa: N818
    """The run took longer than its deadline and was killed."""


class MemoryExceeded(RunError):  # noqa: N818
    """The run needed more memory than its limit."""


class RunCrashed(RunError):  # noqa: N818
    """The process that ran the kernel died."""


class ContainmentUnavailable(RunError):  # noqa: N818
    """This system cannot confine a process, so no custom kernel runs on it."""
