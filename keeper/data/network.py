"""Tells a failure of this node's own network from one of the other party's."""

import errno
import socket
from typing import Final

# No socket, no memory for one, or an interface that is down: nothing that a peer can bring about.
LOCAL_ERRORS: Final = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.ENETDOWN}
# Addresses for documentation: they take the way to the public network, and nothing is sent.
PROBES: Final = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
DISCARD_PORT: Final = 9


def is_local(error: BaseException) -> bool:
    """Returns whether an error of a connection comes from this machine, whoever the peer is."""
    return isinstance(error, OSError) and error.errno in LOCAL_ERRORS


def has_route() -> bool:
    """Returns whether this machine has a way to the public network by either protocol.

    A peer may choose an address that this machine cannot reach, so one unreachable address tells
    nothing.
    """
    return any(_is_routed(family, address) for family, address in PROBES)


def _is_routed(family: socket.AddressFamily, address: str) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, DISCARD_PORT))
    except OSError:
        return False
    return True
