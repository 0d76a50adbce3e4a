"""Takes secrets out of log records, wherever in the record they are."""

import logging

HIDDEN = "[redacted]"
_SECRETS: set[str] = set()


def redact(*secrets: str) -> None:
    """From now on hide these texts."""
    _SECRETS.update(secret for secret in secrets if secret)


class RedactingFilter(logging.Filter):
    """Rewrites a record whose message, arguments or traceback hold a secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true; the record may have changed."""
        message = record.getMessage()
        clean = _without_secrets(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_text is None:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _without_secrets(record.exc_text)
        return True


def _without_secrets(text: str) -> str:
    for secret in _SECRETS:
        text = text.replace(secret, HIDDEN)
    return text
