"""What a provider must show when a majority misses its data: eight elements of the beacon's choice.

Rules: `programs/verdict/README.md`, "Availability". All times are slots.
"""

from collections.abc import Sequence
from hashlib import sha256

from solders.pubkey import Pubkey

from kernels.trace import DType, Shape, row_stride

QUESTIONS = 8
ANSWER_DELAY = 2
SLOT_HASHES_ENTRIES = 512

Output = tuple[Shape, DType]
"""Shape and element type of what an operator puts out."""


def seed_slot(asked_slot: int, slot: int) -> int:
    """The hash of the lowest slot at or after this one chooses the questions.

    A hash that has left SlotHashes by `slot` is replaced by that of the latest slot a whole number
    of its lengths later. ValueError before the first can exist.
    """
    first = asked_slot + ANSWER_DELAY
    if slot <= first:
        raise ValueError(f"the questions are not known before slot {first + 1}")
    return first + (slot - first - 1) // SLOT_HASHES_ENTRIES * SLOT_HASHES_ENTRIES


def question_seed(slot_hash: bytes, job: Pubkey) -> bytes:
    """What decides every question of a job."""
    return sha256(slot_hash + bytes(job)).digest()


def question(seed: bytes, index: int, outputs: Sequence[Output]) -> tuple[int, int]:
    """Operator and element, uniform over the elements of `outputs`, padding left out.

    `outputs` are those of the operators that the stages cover; the element counts padded rows, as
    a rejecting ballot does. ValueError without outputs.
    """
    counts = [shape[0] * shape[1] * shape[2] * shape[3] for shape, _ in outputs]
    draw = int.from_bytes(sha256(seed + bytes([index])).digest()[:8], "little")
    target = draw * sum(counts) >> 64
    for operator, (count, (shape, dtype)) in enumerate(zip(counts, outputs, strict=True)):
        if target < count:
            row, column = divmod(target, shape[3])
            return operator, row * (row_stride(shape[3] * dtype.size) // dtype.size) + column
        target -= count
    raise ValueError("without an output there is nothing to ask")
