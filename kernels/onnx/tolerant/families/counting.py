"""Counts of runs of tokens."""

import numpy as np

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, FLOAT, INT32
from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.value import Value, on_host
from kernels.onnx.tolerant.wgsl import MAX_LOOP


@operator("TfIdfVectorizer")
def ngrams(node: Node) -> Value:
    """Lowers TfIdfVectorizer of integers: how often each n-gram occurs in a row, weighted.

    Its tokens follow one another at equal distances, up to the largest skip.
    """
    value = node.input(0)
    pool = np.array(node.attribute("pool_int64s") or [], np.int64)
    if value.element.bits not in (32, 64) or not pool.size:
        raise node.refuse("it is supported for integers")
    length, rows = value.shape[-1], value.shape[:-1]
    skips = int(node.attribute("max_skip_count"))
    table, longest = _table(node, pool)
    if length * (skips + 1) * (longest + 1) > MAX_LOOP:
        raise node.refuse("the rows are too long for an adapter's loops")
    count = len(table)
    inputs = [
        value,
        on_host(pool, value.element, static=True),
        on_host(table.astype(np.int32), ELEMENTS[INT32], static=True),
    ]
    mode, weight = node.attribute("mode"), "1.0"
    if mode != b"TF" and node.attribute("weights"):
        weights = np.array(node.attribute("weights"), np.float32)
        inputs.append(on_host(weights, ELEMENTS[FLOAT], static=True))
        weight = "$3[column]"
    # Single tokens have no distances, and are counted once.
    code = (
        f"let column = i % {count}u; let row = i / {count}u * {length}u; "
        "let first = u32($2[column * 2u]); let size = $2[column * 2u + 1u]; var found = 0.0; "
        f"for (var step = 1; step <= select({skips + 1}, min(size, 1), size <= 1); step++) {{ "
        f"for (var start = 0; start + (size - 1) * step < {length}; start++) {{ "
        "var same = true; for (var k = 0; k < size; k++) { "
        "if ($0[row + u32(start + k * step)] != $1[first + u32(k)]) { same = false; break; } } "
        "if (same) { found += 1.0; } } } "
    )
    result = "min(found, 1.0)" if mode == b"IDF" else "found"
    return node.emit(
        inputs, (*rows, count), ELEMENTS[FLOAT], f"{code} let r = {result} * {weight};"
    )


def _table(node: Node, pool: np.ndarray) -> tuple[np.ndarray, int]:
    """Returns where each column's n-gram begins in the pool and its length, and the longest."""
    starts, columns = list(node.attribute("ngram_counts")), list(node.attribute("ngram_indexes"))
    shortest, longest = (int(node.attribute(f"{end}_gram_length")) for end in ("min", "max"))
    if len(set(columns)) != len(columns) or min(columns, default=0) < 0:
        raise node.refuse("two n-grams share a column")
    if max(columns, default=0) > MAX_LOOP:
        raise node.refuse(f"column {max(columns)} exceeds {MAX_LOOP}")
    table = np.zeros((max(columns, default=-1) + 1, 2), np.int64)
    numbers = iter(columns)
    for size, (first, last) in enumerate(zip(starts, [*starts[1:], pool.size], strict=True), 1):
        for at in range(first, last - size + 1, size):
            column = next(numbers, None)
            if column is None:
                raise node.refuse("it has fewer columns than n-grams")
            if shortest <= size <= longest:
                table[column] = at, size
    return table, longest
