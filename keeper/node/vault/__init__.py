"""Secrets that must survive a restart: salts of jobs and tickets, ballots, runs of tasks."""

from keeper.node.vault.salts import JOB_SALTS, TICKET_SALTS, Salts
from keeper.node.vault.vault import Document, Format, Secrets, Vault

__all__ = ["JOB_SALTS", "TICKET_SALTS", "Document", "Format", "Salts", "Secrets", "Vault"]
