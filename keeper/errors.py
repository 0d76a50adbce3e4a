"""Root of the keeper's exceptions; each room adds its own below it."""


class KeeperError(Exception):
    """Something the keeper reports to its operator in one line."""


class BadInputError(KeeperError):
    """The operator has to change something; the command line exits with status 2."""


class PortInUseError(BadInputError):
    """A server cannot listen where it was told to."""
