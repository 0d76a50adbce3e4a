"""What a provider must show when its data are missed: eight elements that the beacon chooses.

`programs/verdict/README.md` has the rules under "Availability". All times are slots.
"""

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import sha256
from math import prod

from solders.pubkey import Pubkey

from kernels.trace import DType, Shape, row_stride
from neurolov_client.bindings.job_registry import SLOT_HASHES_ENTRIES
from neurolov_client.bindings.verdict import ANSWER_DELAY

Output = tuple[Shape, DType]
"""Shape and element type of what an operator puts out."""


def seed_slot(asked_slot: int, slot: int) -> int:
    """Returns the slot from which on the first existing hash chooses the questions.

    A hash that has left SlotHashes by `slot` is replaced by the one of the latest slot that is a
    whole number of its lengths later. Raises ValueError before the first can exist.
    """
    first = asked_slot + ANSWER_DELAY
    if slot <= first:
        raise ValueError(f"the questions are not known before slot {first + 1}")
    return first + (slot - first - 1) // SLOT_HASHES_ENTRIES * SLOT_HASHES_ENTRIES


def question_seed(slot_hash: bytes, job: Pubkey) -> bytes:
    """Returns the seed that decides every question of a job."""
    return sha256(slot_hash + bytes(job)).digest()


def question(
    seed: bytes, index: int, outputs: Sequence[Output], work: Sequence[int]
) -> tuple[int, int]:
    """Returns operator and element of a multiply-add drawn from all that the operators take.

    `outputs` belong to the operators that the stages cover; `work` counts the multiply-adds up to
    and with each. The element counts padded rows, as a rejecting ballot does. Raises ValueError
    without any output.
    """
    if not outputs:
        raise ValueError("without an output there is nothing to ask")
    draw = int.from_bytes(sha256(seed + bytes([index])).digest()[:8], "little")
    drawn = draw * work[len(outputs) - 1] >> 64
    operator = bisect_right(work, drawn)
    before = work[operator - 1] if operator else 0
    shape, dtype = outputs[operator]
    taps = (work[operator] - before) // prod(shape)
    row, column = divmod((drawn - before) // taps, shape[3])
    return operator, row * (row_stride(shape[3] * dtype.size) // dtype.size) + column
