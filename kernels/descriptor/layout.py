"""The layout of a descriptor's 256 bytes: the one definition of its fields and their offsets."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

INPUT_SLOTS: Final = 4
SHAPE_SLOTS: Final = 3
OUTPUT_SHAPE: Final = SHAPE_SLOTS


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its `struct` format, its offset and size in bytes, and how many values it holds.

    A byte string counts as one value.
    """

    format: str
    offset: int
    size: int
    values: int


def _fields() -> Mapping[str, Field]:
    formats = {
        "version": "B",
        "opcode": "B",
        "dtype_in": "B",
        "dtype_out": "B",
        "input_count": "B",
        "rounding": "B",
        "reserved_head": "2s",
    }
    for slot in range(INPUT_SLOTS):
        formats |= {f"kind_{slot}": "B", f"reserved_{slot}": "3s", f"index_{slot}": "I"}
    formats |= {f"shape_{slot}": "4I" for slot in range(SHAPE_SLOTS)}
    formats |= {
        "output_shape": "4I",
        "kernel": "2H",
        "stride": "2H",
        "dilation": "2H",
        "padding": "4H",
        "pad_value": "i",
        "zero_point_in": "i",
        "zero_point_out": "i",
        "clamp_low": "i",
        "clamp_high": "i",
        "multiplier": "i",
        "shift": "B",
        "per_channel": "B",
        "axis": "B",
        "reserved_tail": "s",
        "root_0": "32s",
        "root_1": "32s",
        "root_2": "32s",
        "multiply_adds": "Q",
    }
    fields, offset = {}, 0
    for name, format_ in formats.items():
        size = struct.calcsize(f"<{format_}")
        values = len(struct.unpack(f"<{format_}", bytes(size)))
        fields[name] = Field(format_, offset, size, values)
        offset += size
    return fields


FIELDS: Final = _fields()
# as_strided has one input: its steps and its offset take the place of the shapes of inputs 1 and 2.
STEPS: Final = FIELDS["shape_1"].offset
OFFSET: Final = FIELDS["shape_2"].offset

LAYOUT: Final = struct.Struct("<" + "".join(field.format for field in FIELDS.values()))
