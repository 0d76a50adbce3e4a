"""Convolutions, pools and samples of images."""

from typing import Any

import numpy as np

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_nodes.draft import Draft


def _moved(draft: Draft, spatial: tuple[int, ...], kernel: list[int]) -> dict[str, Any]:
    """Draws strides, dilations and paddings whose windows fit."""
    given: dict[str, Any] = {}
    dilations = [1] * len(spatial)
    if draft.chance():
        dilations = [draft.integer(1, 2) for _ in spatial]
        given["dilations"] = dilations
    if draft.chance():
        given["strides"] = [draft.integer(1, 3) for _ in spatial]
    reach = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    auto = draft.choice(("NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"))
    if auto == "VALID" and any(r > n for r, n in zip(reach, spatial, strict=True)):
        auto = "SAME_UPPER"
    if auto != "NOTSET":
        given["auto_pad"] = auto
        return given
    before = [draft.integer(0, k - 1) for k in kernel]
    short = [max(0, r - n - b) for r, n, b in zip(reach, spatial, before, strict=True)]
    after = [max(s, draft.integer(0, k - 1)) for s, k in zip(short, kernel, strict=True)]
    given["pads"] = [*before, *after]
    return given


def _spatial(draft: Draft) -> tuple[int, ...]:
    return draft.shape(1, 3)


@operator("Conv")
def convolved(draft: Draft, name: str) -> None:
    """Drafts a convolution over one to three axes, in groups."""
    spatial, group = _spatial(draft), draft.integer(1, 2)
    kernel = [draft.integer(1, 3) for _ in spatial]
    depth, outputs = draft.integer(1, 2), group * draft.integer(1, 2)
    x = draft.input(draft.values((draft.integer(1, 2), depth * group, *spatial), spread="plain"))
    names = [x, draft.operand(draft.values((outputs, depth, *kernel), spread="eighths"))]
    if draft.chance():
        names.append(draft.operand(draft.values((outputs,), spread="plain")))
    draft.node(name, names, group=group, **_moved(draft, spatial, kernel))


@operator("ConvTranspose")
def transposed(draft: Draft, name: str) -> None:
    """Drafts a transposed convolution with output paddings or automatic ones."""
    spatial, group = draft.shape(1, 2), draft.integer(1, 2)
    kernel = [draft.integer(1, 3) for _ in spatial]
    steps = [draft.integer(1, 3) for _ in spatial]
    depth, outputs = group * draft.integer(1, 2), draft.integer(1, 2)
    x = draft.input(draft.values((1, depth, *spatial), spread="plain"))
    names = [x, draft.operand(draft.values((depth, outputs, *kernel), spread="eighths"))]
    given: dict[str, Any] = {"strides": steps}
    match draft.integer(0, 2):
        case 0:
            given["output_padding"] = [draft.integer(0, step - 1) for step in steps]
        case 1:
            given["auto_pad"] = draft.choice(("SAME_UPPER", "SAME_LOWER"))
            if any(k < s for k, s in zip(kernel, steps, strict=True)):
                given.pop("auto_pad")
        case _:
            given["pads"] = [draft.integer(0, (k - 1) // 2) for k in kernel * 2]
    draft.node(name, names, group=group, **given)


@operator("MaxPool", "AveragePool", "LpPool")
def pooled(draft: Draft, name: str) -> None:
    """Drafts a pool with paddings, a ceiling and dilations."""
    spatial = _spatial(draft)
    kernel = [draft.integer(1, 3) for _ in spatial]
    given = _moved(draft, spatial, kernel)
    if given.get("auto_pad", "VALID") != "VALID":
        # onnxruntime leaves dilations out of a pool's automatic paddings.
        given.pop("dilations", None)
    if "pads" in given:
        given["pads"] = [draft.integer(0, k // 2) for k in kernel * 2]
    draft.opset = max(draft.opset, 19 if name == "AveragePool" else 18)
    if "pads" in given and draft.chance():
        given["ceil_mode"] = 1
    if name == "AveragePool":
        given["count_include_pad"] = draft.integer(0, 1)
    if name == "LpPool":
        given["p"] = draft.integer(1, 3)
    outputs = 1
    if name == "MaxPool" and draft.chance():
        outputs, given["storage_order"] = 2, draft.integer(0, 1)
    x = draft.input(draft.values((1, draft.integer(1, 3), *spatial), spread="plain"))
    draft.node(name, [x], outputs, kernel_shape=kernel, **given)


MODES = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")


@operator("Resize")
def resized(draft: Draft, name: str) -> None:
    """Drafts a resize by scales or to sizes, in every mode."""
    draft.opset = max(draft.opset, 13)
    shape = (1, draft.integer(1, 2), *draft.shape(2, 2))
    given: dict[str, Any] = {
        "mode": draft.choice(("nearest", "linear", "cubic")),
        "coordinate_transformation_mode": draft.choice(MODES),
    }
    if given["mode"] == "nearest":
        given["nearest_mode"] = draft.choice(
            ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
        )
    names = [draft.input(draft.values(shape, spread="plain")), ""]
    if draft.chance():
        sizes = [*shape[:2], draft.integer(1, 8), draft.integer(1, 8)]
        names += ["", draft.ints(*sizes)]
    else:
        scales = [1.0, 1.0, draft.choice((1.0, 2.0, 0.5, 1.5)), draft.choice((1.0, 3.0, 0.7))]
        if any(int(n * s) < 1 for n, s in zip(shape, scales, strict=True)):
            scales = [1.0, 1.0, 2.0, 1.0]
        names.append(draft.constant(np.array(scales, np.float32)))
    draft.node(name, names, **given)


@operator("GridSample")
def sampled(draft: Draft, name: str) -> None:
    """Drafts samples inside and outside an image."""
    draft.opset = max(draft.opset, 20)
    n, c, h, w = draft.shape(4, 4, 4)
    x = draft.input(draft.values((n, c, h, w), spread="plain"))
    grid = draft.random.uniform(-1.4, 1.4, (n, *draft.shape(2, 2), 2)).astype(np.float32)
    draft.node(
        name,
        [x, draft.operand(grid)],
        mode=draft.choice(("linear", "nearest", "cubic")),
        padding_mode=draft.choice(("zeros", "border", "reflection")),
        align_corners=draft.integer(0, 1),
    )


@operator("RoiAlign")
def regions(draft: Draft, name: str) -> None:
    """Drafts regions inside and beyond an image."""
    draft.opset = max(draft.opset, 16)
    x = draft.input(draft.values((2, 2, 5, 6), spread="plain"))
    count = draft.integer(1, 3)
    low = draft.random.uniform(-2, 4, (count, 2))
    boxes = np.concatenate([low, low + draft.random.uniform(0.5, 5, (count, 2))], -1)
    names = [x, draft.operand(boxes.astype(np.float32))]
    names.append(draft.operand(draft.random.integers(0, 2, count)))
    draft.node(
        name,
        names,
        mode=draft.choice(("avg", "max")),
        output_height=draft.integer(1, 3),
        output_width=draft.integer(1, 3),
        sampling_ratio=draft.integer(0, 2),
        spatial_scale=draft.choice((1.0, 0.5)),
        coordinate_transformation_mode=draft.choice(("half_pixel", "output_half_pixel")),
    )


@operator("DeformConv")
def deformed(draft: Draft, name: str) -> None:
    """Drafts taps at their own offsets, with and without a mask."""
    draft.opset = max(draft.opset, 19)
    group, groups = draft.integer(1, 2), draft.integer(1, 2)
    h, w = draft.integer(3, 5), draft.integer(3, 5)
    kh, kw = draft.integer(1, 2), draft.integer(1, 2)
    x = draft.input(draft.values((1, 2, h, w), spread="plain"))
    weights = draft.operand(draft.values((2, 2 // group, kh, kw), spread="eighths"))
    out = (h + 1 - kh + 1, w - kw + 1)
    offset = draft.random.uniform(-1.5, 1.5, (1, groups * kh * kw * 2, *out)).astype(np.float32)
    names = [x, weights, draft.operand(offset)]
    if draft.chance():
        names += ["", draft.operand(draft.values((1, groups * kh * kw, *out), spread="plain"))]
    draft.node(
        name, names, group=group, offset_group=groups, kernel_shape=[kh, kw], pads=[1, 0, 0, 0]
    )


@operator("Col2Im")
def assembled(draft: Draft, name: str) -> None:
    """Drafts columns of overlapping windows."""
    draft.opset = max(draft.opset, 18)
    image = (draft.integer(3, 6), draft.integer(3, 6))
    kernel = (draft.integer(1, 3), draft.integer(1, 3))
    steps, pads = [draft.integer(1, 2) for _ in image], [draft.integer(0, 1) for _ in range(4)]
    columns = 1
    for at in range(2):
        columns *= (image[at] + pads[at] + pads[2 + at] - kernel[at]) // steps[at] + 1
    x = draft.input(draft.values((2, 2 * kernel[0] * kernel[1], columns), spread="plain"))
    draft.node(name, [x, draft.ints(*image), draft.ints(*kernel)], strides=steps, pads=pads)
