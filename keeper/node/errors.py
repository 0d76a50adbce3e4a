"""What can keep a role from doing its part."""

from keeper.errors import BadInputError, KeeperError


class RoleError(KeeperError):
    """Base of the errors of roles."""


class WorkloadError(RoleError):
    """A graph, kernel or input is not what the chain committed to, or cannot be had."""


class NotRegisteredError(RoleError, BadInputError):
    """The key lacks the stake, seat or registration that the role needs."""


class TraceError(RoleError, BadInputError):
    """A job's committed data are not at hand, or not complete."""


class EffectMissingError(RoleError):
    """A step has landed by the journal, and the chain does not show its effect."""
