"""GPU adapters: which ones the machine has, and their limits."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import wgpu

_PREFERENCE = ("DiscreteGPU", "IntegratedGPU", "VirtualGPU", "CPU", "Unknown")

_NEEDED = (
    "max-storage-buffer-binding-size",
    "max-buffer-size",
    "max-storage-buffers-per-shader-stage",
    "max-compute-workgroups-per-dimension",
    "max-compute-invocations-per-workgroup",
    "max-compute-workgroup-storage-size",
)


class AdapterUnavailable(RuntimeError):  # noqa: N818
    """No adapter can run the kernels, or none has the requested name."""


class DeviceLost(RuntimeError):  # noqa: N818
    """The device stopped working. A new executor can run the job again."""


class DeviceLimit(ValueError):  # noqa: N818
    """A graph needs more than the adapter has. It is raised before anything is compiled."""


@contextmanager
def losses(name: str) -> Iterator[None]:
    """Turns wgpu's errors about a failing device into DeviceLost, which names the adapter."""
    try:
        yield
    except wgpu.GPUValidationError as error:
        if "lost" not in str(error):
            raise
        raise DeviceLost(f"{name}: {error}") from error
    except (wgpu.GPUError, RuntimeError) as error:
        raise DeviceLost(f"{name}: {error}") from error


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter: its name, backend, type and driver, and the limits that kernels depend on."""

    name: str
    backend: str
    type: str
    driver: str
    limits: Mapping[str, int] = field(hash=False)
    handle: Any = field(repr=False, compare=False)

    @property
    def features(self) -> frozenset[str]:
        """WebGPU's names of the optional features that the adapter has, such as shader-f16."""
        return frozenset(self.handle.features)

    def request_device(self, features: Iterable[str] = ()) -> Any:
        """Opens the adapter with its limits and the named features; returns the device."""
        return self.handle.request_device_sync(
            required_limits=dict(self.limits), required_features=sorted(features)
        )


@cache
def _prepare_instance() -> None:
    # Without this, Mesa's Wayland part writes a warning to stderr in a process without a desktop.
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ["XDG_RUNTIME_DIR"] = tempfile.gettempdir()
    # OpenGL would list every GPU a second time, with fewer storage buffers. The call fails where
    # another library has made the instance already.
    # Importing it loads the driver's library, which nobody needs before an adapter is looked for.
    from wgpu.backends.wgpu_native.extras import set_instance_extras  # noqa: PLC0415

    with suppress(RuntimeError):
        set_instance_extras(backends=["Primary"])


def list_adapters() -> list[Adapter]:
    """Returns every adapter that can run the kernels, the fastest kind first.

    Several adapters may share a name. The second one is then called "NAME #2", and so on in the
    driver's order, which is the same in every process with the same environment.
    """
    _prepare_instance()
    found: list[Adapter] = []
    named: Counter[str] = Counter()
    for handle in wgpu.gpu.enumerate_adapters_sync():
        info, limits = handle.info, handle.limits
        if info["backend_type"] == "OpenGL":
            continue
        name = info["device"]
        named[name] += 1
        found.append(
            Adapter(
                name=name if named[name] == 1 else f"{name} #{named[name]}",
                backend=info["backend_type"],
                type=info["adapter_type"],
                driver=info["description"],
                limits={name: int(limits[name]) for name in _NEEDED},
                handle=handle,
            )
        )
    return sorted(found, key=_rank)


def _rank(adapter: Adapter) -> int:
    known = adapter.type in _PREFERENCE
    return _PREFERENCE.index(adapter.type) if known else len(_PREFERENCE)
