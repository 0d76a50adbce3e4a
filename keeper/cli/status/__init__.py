"""`neurolov provider status` and its like: what a role earned, lost and has at risk."""

from keeper.cli.status.commands import crank_status, provider_status, verifier_status

__all__ = ["crank_status", "provider_status", "verifier_status"]
