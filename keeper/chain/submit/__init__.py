"""Effects on the chain, each under an id and done once."""

from keeper.chain.submit.submitter import Landed, Submitter

__all__ = ["Landed", "Submitter"]
