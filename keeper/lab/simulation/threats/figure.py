"""One number of the threat model."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: `unit` is 'prices' (of the job), 'probability', 'share', 'NLOV', and so on."""

    attack: str
    what: str
    value: float
    unit: str
