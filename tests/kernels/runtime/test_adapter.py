"""Several adapters of one name, as a driver lists them that partitions a card."""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
import wgpu

from kernels.runtime import AdapterUnavailable, list_adapters, select_adapter

INSTANCE = "NVIDIA A100 MIG 1g.5gb"
CARDS = (
    ("llvmpipe", "CPU", "Vulkan"),
    (INSTANCE, "DiscreteGPU", "Vulkan"),
    (INSTANCE, "DiscreteGPU", "Vulkan"),
    (INSTANCE, "DiscreteGPU", "OpenGL"),
    ("NVIDIA A40-8Q", "VirtualGPU", "Vulkan"),
    (INSTANCE, "DiscreteGPU", "Vulkan"),
)


@pytest.fixture
def handles(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    limits: defaultdict[str, int] = defaultdict(lambda: 1 << 20)
    found = [
        SimpleNamespace(
            info={"device": name, "adapter_type": kind, "backend_type": api, "description": "d"},
            limits=limits,
        )
        for name, kind, api in CARDS
    ]
    monkeypatch.setattr(wgpu.gpu, "enumerate_adapters_sync", lambda: found)
    return found


def test_each_instance_is_an_adapter_with_a_name_of_its_own(handles: list[Any]) -> None:
    found = list_adapters()
    assert [each.name for each in found] == [
        INSTANCE,
        f"{INSTANCE} #2",
        f"{INSTANCE} #3",
        "NVIDIA A40-8Q",
        "llvmpipe",
    ]
    assert [each.handle for each in found[:3]] == [handles[1], handles[2], handles[5]]
    assert len(set(found)) == 5


@pytest.mark.parametrize(
    ("name", "at"),
    [
        (INSTANCE, 1),
        (f"{INSTANCE} #2", 2),
        ("1g.5gb #3", 5),
        ("a40", 4),
        ("mig", 1),
    ],
)
def test_an_instance_is_selected_by_its_name(handles: list[Any], name: str, at: int) -> None:
    assert select_adapter(name).handle is handles[at]


@pytest.mark.usefixtures("handles")
def test_an_instance_that_is_not_there_is_told() -> None:
    with pytest.raises(AdapterUnavailable, match=r"#4.*1g\.5gb #3'"):
        select_adapter(f"{INSTANCE} #4")
