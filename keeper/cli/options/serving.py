"""The options of a node's data server."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from keeper.cli.options.settings import Command, declare
from keeper.configuration import Serving
from keeper.configuration.settings import DEFAULT_QUOTA_BYTES, DEFAULT_RETENTION_HOURS

HOST = declare(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address that the data server listens on.",
)
PORT = declare(
    "--port",
    type=click.IntRange(0, 65535),
    show_default=True,
    help="Port of the data server.",
)
PUBLIC_URL = declare("--public-url", help="URL at which others reach this node's data server.")
QUOTA = declare(
    "--quota",
    default=DEFAULT_QUOTA_BYTES,
    show_default=True,
    help="Most bytes of data to keep on disk.",
)
RETAIN = declare(
    "--retain",
    "retain_hours",
    type=click.FloatRange(min=0),
    default=DEFAULT_RETENTION_HOURS,
    show_default=True,
    help="Hours for which outputs are served after the end of their job.",
)


def serving_options(default_port: int) -> Callable[[Command], Command]:
    """Returns a decorator that adds the options of the data server, passed on as `serving`."""

    def decorate(command: Command) -> Command:
        @HOST.option()
        @PORT.option(default=default_port)
        @PUBLIC_URL.option()
        @QUOTA.option()
        @RETAIN.option()
        @wraps(command)
        def wrapped(
            *arguments: Any,
            host: str,
            port: int,
            public_url: str | None,
            quota: int,
            retain_hours: float,
            **rest: Any,
        ) -> Any:
            serving = Serving(host, port, public_url, quota, retain_hours * 3600)
            return command(*arguments, serving=serving, **rest)

        return wrapped

    return decorate
