import json
from typing import Any

import pytest
from anchorpy_core.idl import Idl

from neurolov_client.legacy import BorshCoder, legacy_idl
from neurolov_client.schema import ProgramSchema, SchemaError, parse


def test_the_conversion_speaks_the_older_form(sample_schema: ProgramSchema) -> None:
    legacy = legacy_idl(sample_schema)
    position = next(each for each in legacy["accounts"] if each["name"] == "Position")
    assert position["type"]["fields"] == [
        {"name": "owner", "type": "publicKey"},
        {"name": "amount", "type": "u64"},
        {"name": "index", "type": "u128"},
        {"name": "terms", "type": {"array": [{"defined": "Terms"}, 2]}},
        {"name": "note", "type": {"option": "u16"}},
        {"name": "bump", "type": "u8"},
    ]
    stake = next(each for each in legacy["instructions"] if each["name"] == "stake")
    assert stake["args"][-1] == {"name": "mode", "type": "u8"}, "an enum is its index"
    assert legacy["events"][0]["fields"][0] == {
        "name": "envelope",
        "type": {"defined": "Envelope"},
        "index": False,
    }


def test_anchorpy_reads_the_conversion(sample_schema: ProgramSchema) -> None:
    read = Idl.from_json(json.dumps(legacy_idl(sample_schema)))
    assert [each.name for each in read.instructions] == ["open_position", "stake"]
    assert [(each.code, each.name) for each in read.errors or ()] == [
        (6000, "NotEnough"),
        (6001, "Closed"),
    ]


def test_a_stated_discriminator_wins_over_the_derived_one(
    sample_document: dict[str, Any],
) -> None:
    sample_document["instructions"][0]["discriminator"] = [42]
    coder = BorshCoder(parse(sample_document))
    assert coder.instruction("open_position", {}) == bytes([42])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metadata": {"name": "x", "spec": "0.2.0"}}, "'0.2.0' is not 0.1.0"),
        (
            {"types": [{"name": "T", "type": {"kind": "struct", "fields": ["u8"]}}]},
            "only named fields",
        ),
        (
            {
                "types": [
                    {
                        "name": "T",
                        "type": {
                            "kind": "struct",
                            "fields": [{"name": "a", "type": {"generic": "N"}}],
                        },
                    }
                ]
            },
            r"T\.a: type .* is not supported",
        ),
        (
            {
                "types": [
                    {
                        "name": "T",
                        "type": {
                            "kind": "enum",
                            "variants": [{"name": "A", "fields": ["u8"]}],
                        },
                    }
                ]
            },
            "enums without data",
        ),
    ],
)
def test_an_idl_that_cannot_be_read_is_refused(
    sample_document: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(SchemaError, match=message):
        parse({**sample_document, **change})
