"""The sentence transformer as a workload. Imported when it is wanted: it loads onnxruntime."""

from keeper.lab.commands.demonstration.workload import Workload
from kernels.models.minilm.export import LAYERS
from kernels.models.minilm.network import (
    BATCH,
    LENGTH,
    cosines,
    float_embeddings,
    transformer,
)
from kernels.models.minilm.sentences import MEASURED
from kernels.models.minilm.tokens import feeds

WANTED_COSINE = 0.98


def sentences(layers: int = LAYERS) -> Workload:
    """Returns the sentence transformer with four sentences.

    Raises MissingModelError if its extra is not installed.
    """
    found = transformer(BATCH, LENGTH, layers)
    tokens = feeds(MEASURED[:BATCH], LENGTH)
    expected = float_embeddings(found.model, tokens)
    return Workload(
        found.lowered.graph,
        found.lowered.interface.encode(tokens),
        "smallest cosine to the float model's embeddings",
        WANTED_COSINE,
        lambda result: float(cosines(found.lowered.interface.decode(result), expected).min()),
    )
