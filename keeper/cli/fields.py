"""Fields of events and accounts in words: amounts in NLOV, codes and parties by their names."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from keeper.amounts import nlov
from neurolov_client import escrow, job_registry, redundancy, verdict

SHOWN_CHARACTERS = 8

AMOUNTS: Final = frozenset(
    {
        "amount",
        "bond",
        "bounty",
        "burned",
        "collateral",
        "credited",
        "exposed",
        "exposure",
        "fee",
        "fee_vault",
        "freed",
        "price",
        "slashed",
        "staked",
        "stakers",
        "tip",
        "tips",
        "total_staked",
        "treasury",
        "unbonding",
        "urgency",
        "vault",
        "verification",
        "verification_fee",
    }
)
"""The fields that hold base units of $NLOV, by their names in the programs."""

_CODES: Final[Mapping[tuple[str, str], type[IntEnum]]] = {
    (escrow.PROGRAM, "judge"): escrow.Judge,
    (escrow.PROGRAM, "state"): escrow.EscrowState,
    (job_registry.PROGRAM, "state"): job_registry.JobState,
    (redundancy.PROGRAM, "state"): redundancy.State,
    (verdict.PROGRAM, "choice"): verdict.Choice,
    (verdict.PROGRAM, "outcome"): verdict.Outcome,
    (verdict.PROGRAM, "state"): verdict.State,
}


def told_fields(program: str, fields: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Returns the fields of a program's event or account as text.

    `names` are those of the parties, by address. Other addresses and hashes are shortened: the
    JSON document has them whole.
    """
    return ", ".join(
        f"{field.replace('_', ' ')} {_told(program, field, value, names)}"
        for field, value in fields.items()
    )


def _told(program: str, field: str, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, dict):
        return f"({told_fields(program, value, names)})"
    if isinstance(value, list):
        return f"({', '.join(_told(program, field, each, names) for each in value)})"
    if isinstance(value, str):
        shortened = value if len(value) <= SHOWN_CHARACTERS else f"{value[:SHOWN_CHARACTERS]}…"
        return names.get(value, shortened)
    return "none" if value is None else _number(program, field, value)


def _number(program: str, field: str, value: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field in AMOUNTS:
        return f"{nlov(value)} NLOV"
    codes = _CODES.get((program, field))
    if codes is None:
        return str(value)
    try:
        return codes(value).name.lower()
    except ValueError:
        return str(value)
