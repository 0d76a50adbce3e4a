"""Element types and how they are stored on the device: one 32-bit lane per element."""

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
from onnx import TensorProto

from kernels.onnx.tolerant.errors import BeyondFloat32

Array = npt.NDArray[Any]
Bounds = tuple[int, int]

FLOAT = int(TensorProto.FLOAT)
DOUBLE = int(TensorProto.DOUBLE)
FLOAT16 = int(TensorProto.FLOAT16)
BFLOAT16 = int(TensorProto.BFLOAT16)
BOOL = int(TensorProto.BOOL)
INT32 = int(TensorProto.INT32)
INT64 = int(TensorProto.INT64)
UINT8 = int(TensorProto.UINT8)
INT8 = int(TensorProto.INT8)

I32: Bounds = (-(1 << 31), (1 << 31) - 1)
U32: Bounds = (0, (1 << 32) - 1)


@dataclass(frozen=True, slots=True)
class Element:
    """One ONNX element type.

    code: ONNX's number. lane: the WGSL type. store: WGSL that rounds a lane `r` to this type. bits:
    the width of an integer; 0 for other types. checked: a result must be finite, because the type
    might hold what is beyond its lane.
    """

    code: int
    name: str
    lane: str
    numpy: np.dtype[Any]
    store: str = "r"
    bits: int = 0
    checked: bool = False

    @property
    def is_float(self) -> bool:
        """Whether lanes are f32."""
        return self.lane == "f32"

    @property
    def is_wide(self) -> bool:
        """Whether values need a proof that they fit a lane."""
        return self.bits == 64

    @property
    def bounds(self) -> Bounds:
        """The least and the largest value of an integer lane."""
        if self.bits in (0, 64):
            return U32 if self.lane == "u32" else I32
        if self.lane == "u32":
            return 0, (1 << self.bits) - 1
        return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1

    @property
    def lane_numpy(self) -> np.dtype[Any]:
        """The NumPy type of a lane."""
        return np.dtype({"f32": np.float32, "i32": np.int32, "u32": np.uint32}[self.lane])

    @property
    def is_small(self) -> bool:
        """Whether this is a float of eight or four bits, which saturates."""
        return self.store.startswith("minifloat")

    def rounded(self, text: str) -> str:
        """Returns WGSL that rounds the value of an expression to this type."""
        return text if self.store == "r" else self.store.replace("(r", f"({text}", 1)

    def holds(self, array: Array) -> bool:
        """Returns whether lanes hold the values of an array.

        64-bit integers must fit. float64 may be rounded below 2^24, where that changes no whole
        number; beyond, where timestamps and large counts lie, it must be exact.
        """
        if self.is_wide and array.size:
            low, high = self.bounds
            return bool(array.min() >= low and array.max() <= high)
        if self.code != DOUBLE:
            return True
        size = np.abs(array[np.isfinite(array)])
        with np.errstate(over="ignore"):
            rounded = size.astype(np.float32)
        exact = rounded == size
        return bool(np.all(exact | ((size < _WHOLE) & (size >= _LEAST))))

    def to_lanes(self, array: Array) -> Array:
        """Returns the lanes of an array whose values fit them."""
        return np.ascontiguousarray(array).astype(self.lane_numpy).reshape(-1)

    def from_lanes(self, lanes: Array, shape: tuple[int, ...]) -> Array:
        """Returns the array that the lanes hold.

        Raises BeyondFloat32 where a result is checked and not finite.
        """
        if self.checked and not np.isfinite(lanes).all():
            raise BeyondFloat32(self.name, "a result is beyond float32, in which float64 runs")
        if self.code == BOOL:
            lanes = lanes != 0
        return lanes.astype(self.numpy).reshape(shape)


# From here on float32 does not hold every whole number; below the other it has fewer digits.
_WHOLE = 2.0**24
_LEAST = 2.0**-126


def _signed(bits: int) -> str:
    return f"((r << {32 - bits}u) >> {32 - bits}u)"


# Mantissa bits, smallest exponent of a normal number, largest finite number.
_SMALL = {
    "FLOAT8E4M3FN": (3, -6, 448.0),
    "FLOAT8E4M3FNUZ": (3, -7, 240.0),
    "FLOAT8E5M2": (2, -14, 57344.0),
    "FLOAT8E5M2FNUZ": (2, -15, 57344.0),
    "FLOAT4E2M1": (1, 0, 6.0),
}
_SMALL_TYPES: dict[str, Any] = {
    "FLOAT8E4M3FN": ml_dtypes.float8_e4m3fn,
    "FLOAT8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "FLOAT8E5M2": ml_dtypes.float8_e5m2,
    "FLOAT8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "FLOAT4E2M1": ml_dtypes.float4_e2m1fn,
}


def _minifloats() -> list[Element]:
    found = []
    for name, (bits, least, most) in _SMALL.items():
        store = f"minifloat(r, {bits}, {least}, {most}, {most})"
        code = int(TensorProto.DataType.Value(name))
        found.append(Element(code, name.lower(), "f32", np.dtype(_SMALL_TYPES[name]), store))
    return found


def _all() -> dict[int, Element]:
    found = [
        Element(FLOAT, "float", "f32", np.dtype(np.float32)),
        Element(DOUBLE, "double", "f32", np.dtype(np.float64)),
        Element(FLOAT16, "float16", "f32", np.dtype(np.float16), "round_f16(r)"),
        Element(BFLOAT16, "bfloat16", "f32", np.dtype(ml_dtypes.bfloat16), "round_bf16(r)"),
        Element(BOOL, "bool", "u32", np.dtype(np.bool_)),
    ]
    found += _minifloats()
    types: dict[str, Any] = {"INT4": ml_dtypes.int4, "UINT4": ml_dtypes.uint4}
    types |= {"INT2": ml_dtypes.int2, "UINT2": ml_dtypes.uint2}
    for bits in (2, 4, 8, 16, 32, 64):
        for lane, prefix in (("i32", "INT"), ("u32", "UINT")):
            name = f"{prefix}{bits}"
            store = "r"
            if bits < 32:
                store = _signed(bits) if lane == "i32" else f"(r & {(1 << bits) - 1}u)"
            dtype = np.dtype(types.get(name, name.lower()))
            code = int(TensorProto.DataType.Value(name))
            found.append(Element(code, name.lower(), lane, dtype, store, bits))
    return {element.code: element for element in found}


ELEMENTS = _all()
