"""The addresses of `addresses.json`, which follow from the project's keys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

IDL_FOLDER = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Addresses in Base58: of each program and of its `["cpi"]` signer by the program's name."""

    programs: Mapping[str, str]
    authorities: Mapping[str, str]
    deployer: str


def read_deployment(folder: Path = IDL_FOLDER) -> Deployment:
    """Returns what the folder's `addresses.json` says; raises KeyError for a missing entry."""
    found = json.loads((folder / "addresses.json").read_text("utf-8"))
    programs = found["programs"].items()
    return Deployment(
        {name: each["address"] for name, each in programs},
        {name: each["cpi"] for name, each in programs},
        found["deployer"],
    )
