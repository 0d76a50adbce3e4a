"""`neurolov bench transformer`: the exact sentence transformer compared with the float one."""

from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter

import click
import numpy as np

from keeper.cli.options import answer, json_option
from keeper.compute import SelectedExecutor, select_executor
from keeper.configuration import Preference
from keeper.errors import BadInputError
from kernels.models.minilm.network import BATCH, LENGTH, batches, cosines, session, transformer
from kernels.models.minilm.package import MissingModelError
from kernels.models.minilm.sentences import MEASURED

COSINE_LIMIT = 0.98
FAILED = 1


@dataclass(frozen=True, slots=True)
class TransformerFigures:
    """Cosines between exact and float embeddings, and median seconds per sentence of each model."""

    adapter: str
    sentences: int
    batch: int
    length: int
    operators: int
    multiply_adds: int
    cosine_min: float
    cosine_mean: float
    seconds_per_sentence: float
    onnxruntime_seconds_per_sentence: float
    ratio: float


def measure_transformer(selected: SelectedExecutor) -> TransformerFigures:
    """Returns the figures of both models, run in turn on every batch.

    Raises MissingModelError without the extra.
    """
    found = transformer(BATCH, LENGTH)
    graph, interface = found.lowered.graph, found.lowered.interface
    floating = session(found.model)
    seconds: list[float] = []
    beside: list[float] = []
    close = []
    for tokens in batches(MEASURED, BATCH, LENGTH):
        inputs = interface.encode(tokens)
        started = perf_counter()
        result = selected.executor.execute(graph, inputs)[-1]
        between = perf_counter()
        expected = floating.run(None, tokens)[0]
        beside.append(perf_counter() - between)
        seconds.append(between - started)
        close.append(cosines(interface.decode(result), np.asarray(expected, np.float32)))
    cosine = np.concatenate(close)
    exact, other = median(seconds) / BATCH, median(beside) / BATCH
    return TransformerFigures(
        adapter=selected.name,
        sentences=len(cosine),
        batch=BATCH,
        length=LENGTH,
        operators=len(graph.descriptors),
        multiply_adds=graph.multiply_adds,
        cosine_min=float(cosine.min()),
        cosine_mean=float(cosine.mean()),
        seconds_per_sentence=exact,
        onnxruntime_seconds_per_sentence=other,
        ratio=exact / other,
    )


@click.command("transformer")
@click.option(
    "--executor",
    type=click.Choice([str(choice) for choice in Preference]),
    default=str(Preference.AUTO),
    show_default=True,
    help="Device that runs the exact model.",
)
@click.option("--adapter", help="Name of the adapter, or part of it.")
@json_option
def bench_transformer(*, executor: str, adapter: str | None, as_json: bool) -> int:
    """Compare the exact sentence transformer with its float model in onnxruntime.

    Embeds 100 sentences. Exits with 1 when a cosine is below 0.98.
    """
    try:
        figures = measure_transformer(select_executor(Preference(executor), adapter))
    except MissingModelError as error:
        raise BadInputError(str(error)) from error
    answer(
        asdict(figures),
        as_json,
        f"on {figures.adapter}, {figures.batch} sentences of {figures.length} tokens per job",
        f"{figures.cosine_min:>8.4f}  smallest cosine to the float embedding of "
        f"{figures.sentences} sentences, at least {COSINE_LIMIT}",
        f"{figures.cosine_mean:>8.4f}  mean cosine",
        f"{figures.seconds_per_sentence:>8.4f}  seconds per sentence",
        f"{figures.onnxruntime_seconds_per_sentence:>8.4f}  seconds per sentence of onnxruntime's "
        "float model on the CPU",
        f"{figures.ratio:>8.2f}  ratio",
    )
    return 0 if figures.cosine_min >= COSINE_LIMIT else FAILED
