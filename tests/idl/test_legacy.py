import hashlib
import json
from typing import Any

import pytest
from anchorpy_core.idl import Idl

from idl.generation.rendering.legacy import legacy_idl, legacy_json
from idl.generation.schema import SchemaError, parse


@pytest.fixture
def document(sample_document: dict[str, Any]) -> dict[str, Any]:
    """The sample, with the discriminators that follow from its names."""
    for section, kind in (("instructions", "global"), ("accounts", "account"), ("events", "event")):
        for each in sample_document[section]:
            digest = hashlib.sha256(f"{kind}:{each['name']}".encode()).digest()
            each["discriminator"] = list(digest[:8])
    return sample_document


def test_the_conversion_speaks_the_older_form(document: dict[str, Any]) -> None:
    legacy = legacy_idl(parse(document))
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
    assert stake["accounts"][2:4] == [
        {"name": "ticket", "isMut": True, "isSigner": False},
        {"name": "verifiers", "isMut": True, "isSigner": False, "isOptional": True},
    ]
    assert legacy["events"][0]["fields"][0] == {
        "name": "envelope",
        "type": {"defined": "Envelope"},
        "index": False,
    }


def test_anchorpy_reads_the_conversion(document: dict[str, Any]) -> None:
    text = legacy_json(parse(document))
    assert json.loads(text) == legacy_idl(parse(document))
    read = Idl.from_json(text)
    assert [each.name for each in read.instructions] == ["open_position", "stake"]
    assert [(each.code, each.name) for each in read.errors or ()] == [
        (6000, "NotEnough"),
        (6001, "Closed"),
    ]


@pytest.mark.parametrize(
    ("section", "name"), [("instructions", "stake"), ("accounts", "Tree"), ("events", "Staked")]
)
def test_a_discriminator_that_anchorpy_would_not_derive_is_refused(
    document: dict[str, Any], section: str, name: str
) -> None:
    (stated,) = (each for each in document[section] if each["name"] == name)
    stated["discriminator"] = [42] * 8
    with pytest.raises(SchemaError, match=f"cannot know the discriminator of {name}$"):
        legacy_idl(parse(document))


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
