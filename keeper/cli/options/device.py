"""The options of the device that a role computes on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from keeper.cli.options.settings import Command, declare
from keeper.configuration import Preference

EXECUTOR = declare(
    "--executor",
    type=click.Choice([str(choice) for choice in Preference]),
    show_default=True,
    help="Device that runs jobs or hashes outputs.",
)
ADAPTER = declare(
    "--adapter",
    help="Name of the adapter, or part of it; `neurolov provider adapters` lists them.",
)
MEMORY = declare(
    "--memory",
    "memory_bytes",
    default=1 << 32,
    show_default=True,
    help="Device memory to use, in bytes.",
)


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """The device that a role computes on; memory is in bytes."""

    preference: Preference
    adapter: str | None
    memory_bytes: int


def device_options(default: Preference, use: str) -> Callable[[Command], Command]:
    """Returns a decorator that adds --executor, --adapter and --memory, passed on as `device`."""

    def decorate(command: Command) -> Command:
        @EXECUTOR.option(default=str(default), help=use)
        @ADAPTER.option()
        @MEMORY.option()
        @wraps(command)
        def wrapped(
            *arguments: Any, executor: str, adapter: str | None, memory_bytes: int, **rest: Any
        ) -> Any:
            device = DeviceOptions(Preference(executor), adapter, memory_bytes)
            return command(*arguments, device=device, **rest)

        return wrapped

    return decorate
