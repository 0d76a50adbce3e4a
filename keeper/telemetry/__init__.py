"""Logs that never hold a key."""

from keeper.telemetry.logs import configure_logs
from keeper.telemetry.redaction import RedactingFilter, redact

__all__ = ["RedactingFilter", "configure_logs", "redact"]
