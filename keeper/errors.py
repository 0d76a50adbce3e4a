"""Root of the keeper's exceptions; each package derives its own."""


class KeeperError(Exception):
    """An error that the keeper reports to its operator in one line."""


class BadInputError(KeeperError):
    """The operator has to change something; the command line exits with status 2."""


class PortInUseError(BadInputError):
    """A server cannot listen on the port it was given."""
