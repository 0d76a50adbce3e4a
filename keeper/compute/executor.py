"""Chooses what executes: a GPU adapter, or NumPy where that is allowed and there is none."""

from dataclasses import dataclass
from enum import StrEnum

from keeper.errors import BadInputError
from kernels.reference import Executor, NumpyExecutor
from kernels.runtime import AdapterUnavailable, GpuExecutor, select_adapter


class AdapterMissingError(BadInputError):
    """A GPU adapter is required and none can run the kernels."""


class Preference(StrEnum):
    """gpu: an adapter or nothing; auto: NumPy when there is no adapter; numpy: never a GPU."""

    GPU = "gpu"
    AUTO = "auto"
    NUMPY = "numpy"


@dataclass(frozen=True, slots=True)
class SelectedExecutor:
    """An executor, its name for people, and what they have to know about the choice."""

    executor: Executor
    name: str
    on_gpu: bool
    notice: str | None = None


def select_executor(preference: Preference, adapter: str | None = None) -> SelectedExecutor:
    """The executor for a preference; adapter is part of the wanted adapter's name.

    Raises AdapterMissingError under Preference.GPU, or when no adapter has the name.
    """
    if preference is Preference.NUMPY:
        return SelectedExecutor(NumpyExecutor(), NumpyExecutor.name, on_gpu=False)
    try:
        executor = GpuExecutor(select_adapter(adapter))
    except AdapterUnavailable as error:
        if preference is Preference.GPU or adapter is not None:
            raise AdapterMissingError(str(error)) from error
        notice = f"NO GPU ADAPTER ({error}): going on with the NumPy executor"
        return SelectedExecutor(NumpyExecutor(), NumpyExecutor.name, on_gpu=False, notice=notice)
    return SelectedExecutor(executor, executor.name, on_gpu=True)
