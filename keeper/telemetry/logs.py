"""Log lines on standard error: plain text, or one JSON object per line."""

import json
import logging
import sys

from keeper.telemetry.redaction import RedactingFilter

# These log every single request at INFO.
CHATTY = ("httpx", "aiohttp.access", "httpcore")


class JsonFormatter(logging.Formatter):
    """Formats time, level, logger, message and, if there is one, the traceback as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns one line of JSON."""
        document = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "time": record.created,
        }
        if record.exc_text:
            document["traceback"] = record.exc_text
        return json.dumps(document, sort_keys=True)


def configure_logs(level: str, as_json: bool) -> None:
    """Set up the root logger; `level` is a name such as INFO."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(RedactingFilter())
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonFormatter() if as_json else plain)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
