"""WGSL functions that kernels share, by name.

They are exact about NaN, infinities and the ends of their ranges: special values are told apart by
their bits, because a WGSL compiler may assume that there is no NaN. Elementary functions are
computed here and not by the driver, whose own may differ by 2^-11 from one adapter to the next.
Results below 2^-126 may become zero, as adapters flush denormal numbers.
"""

from collections.abc import Mapping

from kernels.onnx.tolerant.functions import (
    angles,
    conversion,
    exponentials,
    numbers,
    powers,
    sampling,
)

FUNCTIONS: Mapping[str, str] = {
    **numbers.FUNCTIONS,
    **conversion.FUNCTIONS,
    **exponentials.FUNCTIONS,
    **angles.FUNCTIONS,
    **powers.FUNCTIONS,
    **sampling.FUNCTIONS,
}
