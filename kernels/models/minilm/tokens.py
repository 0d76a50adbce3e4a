"""Converts sentences to rows of token numbers and a mask."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.models.minilm.export import IDS, MASK
from kernels.models.minilm.package import model_folder
from kernels.trace.layout import Array

MAX_TOKENS = 256


@cache
def tokenizer() -> Any:
    """The model's own tokenizer; MissingModelError without the extra."""
    folder = model_folder()
    from tokenizers import Tokenizer  # noqa: PLC0415 - an extra

    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def encode(
    sentences: Sequence[str], length: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Returns token numbers int64 [B, length] and a mask float32 [B, length], 1 for each token.

    Longer sentences are cut. Raises ValueError when the length is outside the model's 2..256.
    """
    if not 2 <= length <= MAX_TOKENS:
        raise ValueError(f"a sentence has 2 to {MAX_TOKENS} tokens, not {length}")
    reader = tokenizer()
    reader.enable_truncation(length)
    reader.enable_padding(length=length)
    found = reader.encode_batch(list(sentences))
    ids = np.array([each.ids for each in found], np.int64)
    mask = np.array([each.attention_mask for each in found], np.float32)
    return ids, mask


def feeds(sentences: Sequence[str], length: int) -> dict[str, Array]:
    """Returns token numbers and mask by the names of the model's inputs."""
    ids, mask = encode(sentences, length)
    return {IDS: ids, MASK: mask}
