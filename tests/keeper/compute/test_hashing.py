import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from keeper.compute import RenewingExecutor, hasher_on, select_executor
from keeper.configuration import Preference
from kernels.graph.reference import NumpyExecutor
from kernels.runtime import DeviceLost, list_adapters
from kernels.trace import Hasher, stored_roots

TENSORS = [b"\1" * 300, b"\2"]


@dataclass
class Device:
    """A device that hashes as it is told; None is its loss."""

    hashers: list[Hasher | None]
    name: str = "a card"
    asked: list[int] = field(default_factory=list)

    def tensor_roots(self, tensors: Sequence[bytes]) -> list[bytes]:
        self.asked.append(len(tensors))
        hasher = self.hashers.pop(0)
        if hasher is None:
            raise DeviceLost("gone")
        return hasher(tensors)


def on(*hashers: Hasher | None) -> tuple[Hasher, Device]:
    device = Device(list(hashers))
    return hasher_on(RenewingExecutor(lambda: device)), device  # type: ignore[arg-type, return-value]


def zeros(tensors: Sequence[bytes]) -> list[bytes]:
    return [bytes(32)] * len(tensors)


def test_without_an_adapter_the_host_hashes() -> None:
    assert hasher_on(NumpyExecutor()) is stored_roots


def test_the_adapter_hashes() -> None:
    hasher, device = on(stored_roots, zeros)
    assert hasher(TENSORS) == zeros(TENSORS)
    assert device.asked == [3, 2]


def test_a_lost_adapter_is_opened_again() -> None:
    hasher, device = on(stored_roots, None, zeros)
    assert hasher(TENSORS) == zeros(TENSORS)
    assert device.asked == [3, 2, 2]


def test_an_adapter_that_is_lost_for_good_leaves_it_to_the_host(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hasher, _ = on(stored_roots, None, None)
    with caplog.at_level(logging.WARNING):
        assert hasher(TENSORS) == stored_roots(TENSORS)
    assert caplog.messages[-1] == "gone; hashing on the host"


def test_an_adapter_that_hashes_wrongly_is_not_used(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        hasher, device = on(zeros)
    assert hasher is stored_roots
    assert device.asked == [3]
    assert caplog.messages == ["a card hashes wrongly; hashing on the host"]


@pytest.mark.skipif(not list_adapters(), reason="no GPU adapter")
def test_a_real_adapter_passes_the_sample() -> None:
    hasher = hasher_on(select_executor(Preference.AUTO).executor)
    assert hasher is not stored_roots
    assert hasher(TENSORS) == stored_roots(TENSORS)
