"""The kernels' layout of a descriptor is the chain's."""

from kernels.codes import DESCRIPTOR_BYTES, DescriptorField
from kernels.descriptor.layout import FIELDS, INPUT_SLOTS, LAYOUT, SHAPE_SLOTS

ON_CHAIN = {
    **{f"kind_{slot}": f"input{slot}" for slot in range(INPUT_SLOTS)},
    **{f"shape_{slot}": f"input_shape{slot}" for slot in range(SHAPE_SLOTS)},
    **{f"root_{root}": f"root{root}" for root in range(3)},
}
"""The chain's names of fields by the kernels' name, where the two differ."""

WITHIN_INPUTS = {f"{part}_{slot}" for part in ("reserved", "index") for slot in range(INPUT_SLOTS)}
"""Parts of an input, which the chain lists as one field of eight bytes."""


def test_every_field_lies_where_the_chain_reads_it() -> None:
    offsets = {
        ON_CHAIN.get(name, name).upper(): field.offset
        for name, field in FIELDS.items()
        if name not in WITHIN_INPUTS
    }
    assert offsets == {field.name: int(field) for field in DescriptorField}


def test_an_input_is_its_kind_three_zero_bytes_and_its_index() -> None:
    for slot in range(INPUT_SLOTS):
        kind = FIELDS[f"kind_{slot}"].offset
        assert FIELDS[f"reserved_{slot}"].offset == kind + 1
        assert FIELDS[f"index_{slot}"].offset == kind + 4


def test_the_fields_fill_the_descriptor() -> None:
    assert LAYOUT.size == DESCRIPTOR_BYTES
