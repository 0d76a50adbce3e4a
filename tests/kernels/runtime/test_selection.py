"""Which adapter is chosen, and what is measured for it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kernels.runtime import (
    Adapter,
    AdapterUnavailable,
    DeviceLost,
    GpuExecutor,
    list_adapters,
    select_adapter,
    selection,
)
from kernels.runtime.speed import measure_speed

CARDS = [
    Adapter(name, "Vulkan", "DiscreteGPU", "driver", {"max-buffer-size": 1}, None)
    for name in ("Voodoo 2", "Riva TNT", "Rage 128")
]


class Bench:
    def __init__(self, *rates: float) -> None:
        self.rates = dict(zip([card.name for card in CARDS], rates, strict=False))
        self.measured: list[str] = []

    def __call__(self, adapter: Adapter) -> float:
        self.measured.append(adapter.name)
        if self.rates[adapter.name] < 0:
            raise DeviceLost(adapter.name)
        return self.rates[adapter.name]


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[Adapter]], None]:
    return lambda adapters: monkeypatch.setattr(selection, "list_adapters", lambda: adapters)


def test_the_fastest_is_chosen_and_each_is_measured_once(
    offer: Callable[[list[Adapter]], None], tmp_path: Path
) -> None:
    offer(CARDS)
    bench = Bench(1.0, 3.0, 2.0)
    for _ in range(2):
        assert select_adapter(cache=tmp_path, measure=bench).name == "Riva TNT"
    assert bench.measured == ["Voodoo 2", "Riva TNT", "Rage 128"]


def test_another_driver_is_measured_anew(
    offer: Callable[[list[Adapter]], None], tmp_path: Path
) -> None:
    offer(CARDS[:2])
    select_adapter(cache=tmp_path, measure=Bench(1.0, 3.0))
    offer([replace(CARDS[0], driver="newer"), CARDS[1]])
    bench = Bench(4.0)
    assert select_adapter(cache=tmp_path, measure=bench).name == "Voodoo 2"
    assert bench.measured == ["Voodoo 2"]


def test_an_adapter_that_fails_is_not_chosen_and_asked_again(
    offer: Callable[[list[Adapter]], None], tmp_path: Path
) -> None:
    offer(CARDS[:2])
    bench = Bench(-1.0, 2.0)
    for _ in range(2):
        assert select_adapter(cache=tmp_path, measure=bench).name == "Riva TNT"
    assert bench.measured == ["Voodoo 2", "Riva TNT", "Voodoo 2"]


def test_nothing_is_measured_for_one_adapter_or_a_name(
    offer: Callable[[list[Adapter]], None], tmp_path: Path
) -> None:
    bench = Bench(1.0, 3.0, 2.0)
    offer(CARDS)
    assert select_adapter("rage", cache=tmp_path, measure=bench).name == "Rage 128"
    offer(CARDS[:1])
    assert select_adapter(cache=tmp_path, measure=bench).name == "Voodoo 2"
    assert not bench.measured
    assert not list(tmp_path.iterdir())


def test_adapter_is_chosen_by_part_of_its_name(adapter: Adapter) -> None:
    assert select_adapter(adapter.name.upper()[:6]).name == adapter.name
    assert select_adapter() in list_adapters()


def test_unknown_adapter_is_refused_with_what_there_is(adapter: Adapter) -> None:
    with pytest.raises(AdapterUnavailable) as caught:
        GpuExecutor("Voodoo 2")
    assert "'Voodoo 2'" in str(caught.value)
    assert repr(adapter.name) in str(caught.value)


def test_machine_without_adapter_is_told_what_to_install(
    offer: Callable[[list[Adapter]], None],
) -> None:
    offer([])
    with pytest.raises(AdapterUnavailable, match=r"`make adapter`.*mesa-vulkan-drivers"):
        GpuExecutor()
    with pytest.raises(AdapterUnavailable, match=r"'Voodoo 2': no Vulkan.*`make adapter`"):
        GpuExecutor("Voodoo 2")


def test_speed_is_measured_on_the_adapter(adapter: Adapter) -> None:
    assert measure_speed(adapter) > 0
