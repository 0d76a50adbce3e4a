"""Logs that never hold a key, and metrics."""

from keeper.telemetry.logs import configure_logs
from keeper.telemetry.metrics import METRICS, Metrics
from keeper.telemetry.redaction import RedactingFilter, redact, redacted

__all__ = [
    "METRICS",
    "Metrics",
    "RedactingFilter",
    "configure_logs",
    "redact",
    "redacted",
]
