"""What can keep a role from doing its part."""

from keeper.errors import BadInputError, KeeperError


class RoleError(KeeperError):
    """Base of this room."""


class WorkloadError(RoleError):
    """A job's graph or inputs are not what the chain committed to, or cannot be had."""


class NotRegisteredError(RoleError, BadInputError):
    """The key lacks the stake, seat or registration that the role needs."""


class TraceError(RoleError, BadInputError):
    """A job's data are not at hand, or not complete."""
