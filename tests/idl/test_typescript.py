"""JavaScript modules and their types, as the generator renders them."""

from typing import Any

import pytest

from idl.generation.rendering.anchor import (
    camel_case,
    converted,
    idl_declarations,
    idl_module,
    type_name,
)
from idl.generation.rendering.typescript import declarations, index, javascript_module
from idl.generation.schema import SchemaError, parse

CONSTANTS = [
    {"name": "LIGHT", "docs": ["What a driver sees."], "type": "string", "value": '"Light"'},
    {"name": "LIGHT__GREEN", "type": "u8", "value": "1"},
    {"name": "LIGHT__RED", "docs": ["Stop."], "type": "u8", "value": "3"},
    {"name": "MAX_CARS", "docs": ["On a road."], "type": "u64", "value": str(1 << 53)},
]
SEAT = [
    {"kind": "const", "value": list(b"seat")},
    {"kind": "account", "path": "owner"},
    {"kind": "arg", "path": "seat_index"},
    {"kind": "arg", "path": "spec_root"},
]


@pytest.fixture
def road() -> dict[str, Any]:
    taking = {
        "name": "take_seat",
        "docs": ["Takes a seat.", "", "Caller: anybody */."],
        "discriminator": [1, 2, 3, 4, 5, 6, 7, 8],
        "accounts": [
            {"name": "owner", "signer": True},
            {"name": "seat", "writable": True, "pda": {"seeds": SEAT}},
        ],
        "args": [
            {"name": "seat_index", "type": "u16"},
            {"name": "spec_root", "type": {"array": ["u8", 32]}},
        ],
    }
    return {
        "address": "4qVHMZpR3zF5KLK7q4PCsykY4xJXqGDCmd2tsXQJCxne",
        "metadata": {"name": "road", "version": "0.1.0", "spec": "0.1.0"},
        "instructions": [taking],
        "accounts": [],
        "events": [],
        "errors": [],
        "types": [],
        "constants": CONSTANTS,
    }


def test_a_module_has_codes_limits_and_addresses(road: dict[str, Any]) -> None:
    assert javascript_module(parse(road)).splitlines()[4:] == [
        'export { IDL } from "../anchor/road.js";',
        'export const ID = new PublicKey("4qVHMZpR3zF5KLK7q4PCsykY4xJXqGDCmd2tsXQJCxne");',
        "",
        "export const Light = Object.freeze({ GREEN: 1, RED: 3 });",
        "export const MAX_CARS = 9007199254740992n;",
        "",
        "export const seatAddress = (owner, seatIndex, specRoot) =>",
        '  derived(ID, [text("seat"), owner.toBytes(), integer(seatIndex, 2), '
        "bytes(specRoot, 32)]);",
    ]


def test_the_types_carry_the_documentation(road: dict[str, Any]) -> None:
    assert declarations(parse(road)).splitlines()[4:] == [
        'export { IDL, type Road } from "../anchor/road.js";',
        "/** The program's address. */",
        "export declare const ID: PublicKey;",
        "",
        "/** What a driver sees. */",
        "export declare const Light: {",
        "  readonly GREEN: 1;",
        "  /** Stop. */",
        "  readonly RED: 3;",
        "};",
        "export type Light = (typeof Light)[keyof typeof Light];",
        "",
        "/** On a road. */",
        "export declare const MAX_CARS: 9007199254740992n;",
        "",
        "/**",
        ' * Returns the address that the program derives from "seat", `owner`, `seatIndex` as u16,',
        " * `specRoot`; and its bump.",
        " */",
        "export declare function seatAddress(owner: PublicKey, seatIndex: Integer, "
        "specRoot: Uint8Array): Address;",
    ]


def test_the_index_has_a_namespace_per_program() -> None:
    assert index(["a", "b_c"]).splitlines()[2:] == [
        'export * as a from "./a.js";',
        'export * as bC from "./b_c.js";',
    ]


def test_a_seed_that_javascript_cannot_make_is_refused(road: dict[str, Any]) -> None:
    road["instructions"][0]["args"][0]["type"] = "u128"
    with pytest.raises(SchemaError, match=r"^seat_address: no seed in TypeScript for"):
        javascript_module(parse(road))


@pytest.mark.parametrize(
    ("name", "camel"),
    [
        ("post_job", "postJob"),
        ("JobOffer", "jobOffer"),
        ("LIGHT__GREEN", "lightGreen"),
        ("pool.terms_now", "pool.termsNow"),
        ("u64_limbs", "u64Limbs"),
        ("sha256x", "sha256X"),
        ("_reserved", "reserved"),
    ],
)
def test_names_are_those_of_anchors_client(name: str, camel: str) -> None:
    assert camel_case(name) == camel


def test_the_idl_keeps_everything_but_documentation(road: dict[str, Any]) -> None:
    kept = converted(road)
    assert kept["instructions"][0]["name"] == "takeSeat"
    assert kept["instructions"][0]["accounts"][1]["pda"]["seeds"][2]["path"] == "seatIndex"
    assert "docs" not in str(kept)
    assert idl_module(road, "Made.").startswith(
        "// The IDL of the road program, for Anchor's client. Made.\n\nexport const IDL = {\n"
    )


def test_the_idls_type_has_the_documentation_as_comments(road: dict[str, Any]) -> None:
    lines = idl_declarations(road, "Made.").splitlines()
    assert type_name("job_registry") == "JobRegistry"
    assert "export type Road = {" in lines
    assert "    /** Takes a seat. Caller: anybody * /. */" in lines
    assert lines[-1] == "export declare const IDL: Road;"
