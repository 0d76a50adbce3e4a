"""Inputs such as a model's users have: files, audio, images, lines of text, from a seed."""

import json
import os
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernels.models.vision import images

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int32]

SAMPLING_RATE = 16_000
# magika reads both ends of a file, and fills what is missing with a number that is no byte.
END_BYTES, MISSING = 1024, 256
KINDS = 6


def files(count: int, seed: int) -> list[Bytes]:
    """Returns both ends of files of different kinds, int32 [1, 2048] each.

    They are sources, compiled code, JSON, tables, compressed and short files.
    """
    generator = np.random.default_rng(seed)
    library = Path(os.__file__).parent
    sources = sorted(library.glob("*.py"))
    found = []
    for number in range(count):
        source = sources[int(generator.integers(len(sources)))].read_bytes()
        code = compile(source, "source", "exec").co_code
        numbers = generator.normal(size=(200, 4)).round(3).tolist()
        table = "\n".join(",".join(map(str, row)) for row in numbers)
        kinds = (
            source,
            code,
            json.dumps({"rows": numbers}).encode(),
            table.encode(),
            zlib.compress(source),
            source[: int(generator.integers(20, 600))],
        )
        found.append(_ends(kinds[number % KINDS]))
    return found


def _ends(data: bytes) -> Bytes:
    row = np.full((1, 2 * END_BYTES), MISSING, np.int32)
    first, last = data.strip()[:END_BYTES], data.strip()[-END_BYTES:]
    row[0, : len(first)] = np.frombuffer(first, np.uint8)
    row[0, 2 * END_BYTES - len(last) :] = np.frombuffer(last, np.uint8)
    return row


def speech(seconds: float, seed: int) -> Floats:
    """Returns audio of -1 to 1 at 16 kHz, [samples]: voiced syllables, breath and pauses."""
    generator = np.random.default_rng(seed)
    time = np.arange(int(seconds * SAMPLING_RATE), dtype=np.float64) / SAMPLING_RATE
    sound = generator.normal(0, 0.003, len(time))
    start = 0.1
    while start < seconds:
        length = generator.uniform(0.1, 0.35)
        inside = (time >= start) & (time < start + length)
        moment = (time[inside] - start) / length
        envelope = np.sin(np.pi * moment) ** 2 * generator.uniform(0.1, 0.5)
        if generator.random() < 0.75:
            sound[inside] += envelope * _voice(time[inside], generator)
        else:
            sound[inside] += envelope * generator.normal(0, 0.3, int(inside.sum()))
        start += length + generator.choice([0.02, 0.05, 0.4])
    return sound.clip(-1, 1).astype(np.float32)


def _voice(time: npt.NDArray[np.float64], generator: np.random.Generator) -> Floats:
    """Returns a vowel: harmonics of a gliding pitch, strongest near three formants."""
    pitch = generator.uniform(90, 250) * (1 + 0.1 * np.sin(2 * np.pi * 3 * time))
    formants = generator.uniform([300, 900, 2200], [800, 2200, 3200])
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLING_RATE
    sound = np.zeros(len(time))
    for harmonic in range(1, 30):
        distance = (harmonic * pitch.mean() - formants) / 150
        sound += (np.exp(-(distance**2)).sum() + 0.02) * np.sin(harmonic * phase)
    return np.asarray(sound / max(np.abs(sound).max(), 1e-6), np.float32)


def filter_banks(frames: int, seed: int) -> Floats:
    """Returns normalised filter banks of speech, [1, frames, 400]: five frames of 80 bands each."""
    window, step, bands, joined = 400, 160, 80, 5
    sound = speech((frames + joined) * step / SAMPLING_RATE + 0.1, seed)
    starts = np.arange(frames + joined - 1) * step
    pieces = np.stack([sound[start : start + window] for start in starts]) * np.hamming(window)
    # Written out: NumPy's transform once gave NaN after a GPU driver had run in the process.
    turns = np.outer(np.arange(window), np.arange(257)) * (2 * np.pi / 512)
    power = (pieces @ np.cos(turns)) ** 2 + (pieces @ np.sin(turns)) ** 2
    edges = 700 * (10 ** (np.linspace(0, 2840, bands + 2) / 2595) - 1) / SAMPLING_RATE * 512
    bins = np.arange(power.shape[1])
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    banks = np.log(power @ np.minimum(rising, falling).clip(0).T + 1e-6)
    banks = (banks - banks.mean(0)) / (banks.std(0) + 1e-3)
    rows = [banks[number : number + joined].reshape(-1) for number in range(frames)]
    return np.asarray(rows, np.float32)[None]


def pictures(count: int, size: tuple[int, int], seed: int) -> list[Floats]:
    """Returns pictures of 0 to 1, [1, 3, height, width] each."""
    height, width = size
    square = images(count, max(size), seed)
    span = np.ptp(square, axis=(1, 2, 3), keepdims=True)
    unit = (square - square.min(axis=(1, 2, 3), keepdims=True)) / np.maximum(span, 1e-6)
    return [np.ascontiguousarray(each[None, :, :height, :width]) for each in unit]


def text_lines(count: int, size: tuple[int, int], seed: int) -> list[Floats]:
    """Returns dark strokes, as letters have them, on light paper: 0 to 1, [1, 3, height, width]."""
    generator = np.random.default_rng(seed)
    found = []
    for paper in pictures(count, size, seed):
        page = 0.75 + 0.2 * paper
        line = generator.integers(16, 40)
        for top in range(int(generator.integers(0, 8)), size[0] - int(line) + 1, int(line) + 12):
            _write(page[0], top, int(line), generator)
        page += generator.normal(0, 0.01, page.shape)
        found.append(np.asarray(page.clip(0, 1), np.float32))
    return found


def _write(page: Floats, top: int, height: int, generator: np.random.Generator) -> None:
    thick, left = max(2, height // 9), int(generator.integers(2, 12))
    ink = generator.uniform(0, 0.3)
    while left + height < page.shape[2]:
        wide = int(height * generator.uniform(0.4, 0.8))
        if generator.random() < 0.85:
            for _ in range(generator.integers(2, 5)):
                if generator.random() < 0.5:
                    at = left + int(generator.integers(0, wide - thick + 1))
                    page[:, top : top + height, at : at + thick] = ink
                else:
                    at = top + int(generator.integers(0, height - thick + 1))
                    page[:, at : at + thick, left : left + wide] = ink
        left += wide + thick
