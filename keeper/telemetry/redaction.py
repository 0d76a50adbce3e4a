"""Removes secrets from log records: from messages, arguments and tracebacks."""

import logging

HIDDEN = "[redacted]"
_SECRETS: set[str] = set()


def redact(*secrets: str) -> None:
    """Hide these texts in every later log record."""
    _SECRETS.update(secret for secret in secrets if secret)


class RedactingFilter(logging.Filter):
    """Rewrites a record whose message, arguments or traceback contain a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record and return True, so that it is always logged."""
        message = record.getMessage()
        clean = redacted(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_text is None:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        return True


def redacted(text: str) -> str:
    """Returns a text without the secrets."""
    for secret in _SECRETS:
        text = text.replace(secret, HIDDEN)
    return text
