import json
import logging
from collections.abc import Iterator

import pytest

from keeper.telemetry import configure_logs, redact


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    redact("the secret")
    configure_logs("INFO", as_json=True)
    log = logging.getLogger("keeper.test")
    log.info("slot %d, %s", 7, "the secret")
    log.debug("not this")
    try:
        raise ValueError("the secret")
    except ValueError:
        log.exception("failed")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first["message"] == "slot 7, [redacted]"
    assert (first["level"], first["logger"]) == ("info", "keeper.test")
    assert second["traceback"].endswith("ValueError: [redacted]")


def test_plain_lines_and_quiet_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("DEBUG", as_json=False)
    logging.getLogger("keeper.test").info("hello")
    logging.getLogger("httpx").info("every single request")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith("INFO    hello")
