"""Chooses one of the machine's adapters: by name, or the one that multiplies fastest."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from kernels.runtime.adapter import Adapter, AdapterUnavailable, DeviceLost, list_adapters
from kernels.runtime.speed import SPEED, measure_speed
from kernels.tuning import Cache

_NONE: Final = (
    "no Vulkan, Metal or D3D12 adapter; install a GPU driver, or run `make adapter` for the CPU "
    "adapter lavapipe (Debian: apt-get install mesa-vulkan-drivers)"
)


def select_adapter(
    name: str | None = None,
    *,
    cache: Path | None = None,
    measure: Callable[[Adapter], float] = measure_speed,
) -> Adapter:
    """Returns the adapter of that name, or else the first whose name contains it, in any case.

    Without a name it returns the fastest one: where there are several, each is measured once.
    `cache` is the folder that keeps the measurements, by default the tuner's. Raises
    AdapterUnavailable, which lists the adapters there are.
    """
    adapters = list_adapters()
    if not adapters:
        asked = "" if name is None else f"no adapter is named {name!r}: "
        raise AdapterUnavailable(asked + _NONE)
    if name is None:
        # max returns the first of equals, which is of the fastest kind.
        one = len(adapters) == 1
        return adapters[0] if one else max(adapters, key=lambda each: _speed(each, cache, measure))
    for adapter in adapters:
        if adapter.name == name:
            return adapter
    for adapter in adapters:
        if name.lower() in adapter.name.lower():
            return adapter
    offered = ", ".join(repr(adapter.name) for adapter in adapters)
    raise AdapterUnavailable(f"no adapter is named {name!r}; there are {offered}")


def _speed(adapter: Adapter, folder: Path | None, measure: Callable[[Adapter], float]) -> float:
    """Returns multiply-adds per second; 0 for an adapter that fails, which is measured again."""
    cache = Cache(adapter, folder)
    known = cache.get(SPEED)
    if isinstance(known, float):
        return known
    try:
        found = measure(adapter)
    except DeviceLost:
        return 0.0
    cache.put(SPEED, found)
    return found
