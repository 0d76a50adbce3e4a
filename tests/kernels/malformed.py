"""Descriptors and graphs that break one rule each."""

from dataclasses import replace

from kernels.graph import Descriptor, Input, InputKind, Opcode, Window, multiply_adds
from tests.kernels.graphs import attention, every_operator, matmul_at_the_limit, narrowed


def _patched(descriptor: Descriptor, offset: int, *values: int) -> bytes:
    data = bytearray(descriptor.encode())
    data[offset : offset + len(values)] = bytes(values)
    return bytes(data)


def invalid() -> list[tuple[str, bytes, str]]:
    """Returns name, bytes and reason of descriptors that break one rule each."""
    graph = every_operator()
    conv, requantise, relu, pool, lookup, matmul, add = graph.descriptors[:7]
    scale, argmax = graph.descriptors[9], graph.descriptors[11]
    wide = matmul_at_the_limit().descriptors[0]
    long_row = replace(
        wide, input_shapes=((1, 1, 1, 4097), (1, 1, 2, 4097)), multiply_adds=2 * 4097
    )
    tall = replace(
        relu, input_shapes=((1 << 20, 1 << 12, 1, 6),), output_shape=(1 << 20, 4096, 1, 6)
    )
    deep = replace(
        pool,
        input_shapes=((1, 9, 9, 1),),
        output_shape=(1, 5, 6, 1),
        window=replace(pool.window, kernel=(5, 4), stride=(1, 1), padding=(0, 0, 0, 0)),
    )
    u32 = 4 * [255]
    return [
        ("255 bytes", conv.encode()[:255], "BadLength"),
        ("version 2", _patched(conv, 0, 2), "BadVersion"),
        ("opcode 0", _patched(conv, 1, 0), "UnknownOpcode"),
        ("opcode 17", _patched(conv, 1, 17), "UnknownOpcode"),
        ("dtype 3", _patched(conv, 2, 3), "BadDtype"),
        ("convolution of int32", _patched(conv, 2, 2), "BadDtype"),
        ("relu that changes the dtype", _patched(relu, 3, 2), "BadDtype"),
        ("no input", _patched(relu, 4, 0), "BadInputCount"),
        ("four inputs", _patched(conv, 4, 4), "BadInputCount"),
        ("requantise without rounding", _patched(scale, 5, 0), "BadRounding"),
        ("relu with rounding", _patched(relu, 5, 1), "BadRounding"),
        ("rounding 2", _patched(scale, 5, 2), "BadRounding"),
        ("reserved head", _patched(conv, 7, 1), "ReservedNotZero"),
        ("reserved in an input", _patched(conv, 10, 1), "ReservedNotZero"),
        ("fourth input", _patched(conv, 32, 1), "ReservedNotZero"),
        ("unused input's index", _patched(relu, 20, 1), "ReservedNotZero"),
        ("unused shape", _patched(relu, 56, 1), "ReservedNotZero"),
        ("matmul with a stride", _patched(matmul, 108, 1), "ReservedNotZero"),
        ("relu with a multiplier", _patched(relu, 144, 1), "ReservedNotZero"),
        ("max pool with a pad value", _patched(pool, 124, 1), "ReservedNotZero"),
        ("per-channel 2", _patched(requantise, 149, 2), "ReservedNotZero"),
        ("reserved byte 151", _patched(conv, 151, 1), "ReservedNotZero"),
        ("root that nothing uses", _patched(argmax, 152, 1), "ReservedNotZero"),
        ("input kind 0", _patched(relu, 8, 0), "BadInputKind"),
        ("input kind 4", _patched(relu, 8, 4), "BadInputKind"),
        ("input 0 is a constant", _patched(relu, 8, 1, 0, 0, 0, 0), "BadInputKind"),
        ("weights are an operator's output", _patched(conv, 16, 3), "BadInputKind"),
        ("bias from the weights' root", _patched(conv, 28, 0), "BadInputKind"),
        ("table from the weights' root", _patched(lookup, 20, 0), "BadInputKind"),
        ("no root for the weights", _patched(conv, 152, *bytes(32)), "BadRoot"),
        ("no root for the channels", _patched(requantise, 216, *bytes(32)), "BadRoot"),
        ("pad value 128", _patched(conv, 124, 128, 0, 0, 0), "BadValue"),
        ("zero point -129", _patched(conv, 128, 127, 255, 255, 255), "BadValue"),
        ("clamp above int8", _patched(scale, 140, 128, 0, 0, 0), "BadValue"),
        ("clamp upside down", _patched(scale, 140, 155, 255, 255, 255), "BadValue"),
        ("multiplier 0", _patched(scale, 144, 0, 0, 0, 0), "BadValue"),
        ("multiplier below 0", _patched(scale, 144, *u32), "BadValue"),
        ("shift 0", _patched(scale, 148, 0), "BadValue"),
        ("shift 63", _patched(scale, 148, 63), "BadValue"),
        ("per channel on axis 2", _patched(requantise, 150, 2), "BadChannels"),
        ("per channel with a shift", _patched(requantise, 148, 1), "BadChannels"),
        ("axis without a table", _patched(scale, 150, 3), "BadChannels"),
        ("empty output", _patched(add, 92, *bytes(4)), "BadShape"),
        ("empty input", _patched(relu, 40, *bytes(4)), "BadShape"),
        ("output one too high", _patched(conv, 92, conv.output_shape[1] + 1), "BadShape"),
        ("kernel is not the weights'", _patched(conv, 60, 2), "BadShape"),
        ("matmul of two matrices to one", _patched(matmul, 40, 2), "BadShape"),
        ("stride 0", _patched(conv, 108, 0, 0), "BadWindow"),
        ("dilation 0", _patched(conv, 114, 0, 0), "BadWindow"),
        ("max pool with a dilation", _patched(pool, 112, 2), "BadWindow"),
        ("padding as wide as the kernel", _patched(pool, 116, 2), "BadWindow"),
        ("window larger than its input", _patched(conv, 112, 200), "BadWindow"),
        (
            "tensor above 1 GiB",
            replace(tall, multiply_adds=multiply_adds(tall)).encode(),
            "TensorLimit",
        ),
        (
            "dimensions that overflow",
            _patched(relu, 40, *u32 * 4)[:88] + bytes(u32 * 4) + relu.encode()[104:],
            "TensorLimit",
        ),
        ("K above 4,096", long_row.encode(), "OperandLimit"),
        ("twenty runs", replace(deep, multiply_adds=multiply_adds(deep)).encode(), "RunLimit"),
        ("multiply-adds one too few", _patched(conv, 248, 0), "BadMultiplyAdds"),
        *_invalid_of_attention(),
        *_invalid_of_narrowed(),
    ]


def _invalid_of_attention() -> list[tuple[str, bytes, str]]:
    parts: dict[Opcode, Descriptor] = {}
    for descriptor in attention().descriptors:
        parts.setdefault(descriptor.opcode, descriptor)
    batched, scale, add = parts[Opcode.MATMUL], parts[Opcode.REQUANTISE], parts[Opcode.ADD]
    softmax, normal = parts[Opcode.SOFTMAX], parts[Opcode.LAYER_NORM]
    strided = attention().descriptors[-2]
    concat, gather, total = parts[Opcode.CONCAT], parts[Opcode.GATHER], parts[Opcode.REDUCE_SUM]
    product, depthwise = parts[Opcode.MULTIPLY], parts[Opcode.DEPTHWISE]
    wide_row = (1, 1, 1, 1985)
    long_norm = replace(
        normal,
        input_shapes=(wide_row, (1, 1, 1985, 2)),
        output_shape=wide_row,
        multiply_adds=1985,
    )
    wide_row = (1, 1, 1, 2049)
    long_softmax = replace(
        softmax, input_shapes=(wide_row,), output_shape=wide_row, multiply_adds=2049
    )
    long_sum = replace(total, input_shapes=(wide_row,), output_shape=(1,) * 4, multiply_adds=2049)
    square = replace(
        depthwise,
        input_shapes=((1, 4, 4, 6), (6, 4, 4, 1)),
        inputs=depthwise.inputs[:2],
        output_shape=(1, 1, 1, 6),
        window=Window((4, 4), (1, 1), (1, 1)),
        roots=(depthwise.roots[0], bytes(32), bytes(32)),
        multiply_adds=96,
    )
    bare = replace(
        normal,
        inputs=normal.inputs[:1],
        input_shapes=normal.input_shapes[:1],
        roots=(bytes(32),) * 3,
    )
    return [
        ("batch of B that is not A's", _patched(batched, 60, 2), "BadShape"),
        ("B of another batch", _patched(batched, 56, 1), "BadShape"),
        ("zero point 128 to int32", _patched(scale, 132, 128, 0, 0, 0), "BadValue"),
        ("b that cannot be broadcast", _patched(add, 60, 2), "BadShape"),
        ("a that would be broadcast", _patched(add, 40, 1), "BadShape"),
        ("softmax without rounding", _patched(softmax, 5, 0), "BadRounding"),
        ("softmax to int32", _patched(softmax, 3, 2), "BadDtype"),
        ("softmax with multiplier 0", _patched(softmax, 144, *bytes(4)), "BadValue"),
        ("softmax with shift 63", _patched(softmax, 148, 63), "BadValue"),
        ("softmax per channel", _patched(softmax, 149, 1), "ReservedNotZero"),
        ("softmax with an axis", _patched(softmax, 150, 3), "ReservedNotZero"),
        ("softmax of another shape", _patched(softmax, 100, 1), "BadShape"),
        ("softmax of 2,049 int32", long_softmax.encode(), "OperandLimit"),
        ("layer norm without rounding", _patched(normal, 5, 0), "BadRounding"),
        ("layer norm of int8", _patched(normal, 2, 1), "BadDtype"),
        ("layer norm with a multiplier", _patched(normal, 144, 1), "ReservedNotZero"),
        ("layer norm with shift 0", _patched(normal, 148, 0), "BadValue"),
        ("layer norm without a table", bare.encode(), "BadInputCount"),
        ("layer norm with a bias as table", _patched(normal, 20, 1), "BadInputKind"),
        ("layer norm with a computed table", _patched(normal, 16, 3), "BadInputKind"),
        ("layer norm's table of 5 channels", _patched(normal, 64, 5), "BadShape"),
        ("layer norm of 1,985 elements", long_norm.encode(), "OperandLimit"),
        ("strided read that narrows", _patched(strided, 3, 1), "BadDtype"),
        (
            "strided read of two inputs",
            replace(strided, inputs=strided.inputs * 2).encode(),
            "BadInputCount",
        ),
        ("strided read past its offset", _patched(strided, 76, 1), "ReservedNotZero"),
        (
            "strided read one past the end",
            replace(strided, offset=68).encode(),
            "BadValue",
        ),
        (
            "strided read that overflows 32 bits",
            replace(strided, steps=(1 << 31, *strided.steps[1:])).encode(),
            "BadValue",
        ),
        ("step in another operator", _patched(softmax, 56, 1), "ReservedNotZero"),
        ("strided read to an empty output", _patched(strided, 88, 0), "BadShape"),
        ("join along axis 4", _patched(concat, 150, 4), "BadValue"),
        ("join of unequal axes", _patched(concat, 60, 2), "BadShape"),
        ("join that loses a row", _patched(concat, 96, 9), "BadShape"),
        ("join with a bias", _patched(concat, 16, 1, 0, 0, 0, 1, 0, 0, 0), "BadInputKind"),
        ("join to another dtype", _patched(concat, 3, 2), "BadDtype"),
        ("int8 indices", _patched(gather, 2, 1), "BadDtype"),
        ("indices in columns", _patched(gather, 52, 2), "BadShape"),
        ("two tables", _patched(gather, 60, 2), "BadShape"),
        ("rows wider than the table's", _patched(gather, 100, 5), "BadShape"),
        ("table from another root", _patched(gather, 20, 1), "BadInputKind"),
        ("sum with a column too many", _patched(total, 100, 2), "BadShape"),
        ("sum of 2,049 int32", long_sum.encode(), "OperandLimit"),
        ("product with zero point 128", _patched(product, 124, 128, 0, 0, 0), "BadValue"),
        ("product with rounding", _patched(product, 5, 1), "BadRounding"),
        ("product that cannot be broadcast", _patched(product, 68, 5), "BadShape"),
        ("filters of two channels", _patched(depthwise, 68, 2), "BadShape"),
        ("filters of 7 channels", _patched(depthwise, 56, 7), "BadShape"),
        ("seventeen runs", square.encode(), "RunLimit"),
    ]


def _invalid_of_narrowed() -> list[tuple[str, bytes, str]]:
    conv, depthwise, total, _, product, matmul = narrowed().descriptors[:6]
    bare = replace(
        conv,
        inputs=conv.inputs[:2],
        input_shapes=conv.input_shapes[:2],
        roots=(conv.roots[0], bytes(32), bytes(32)),
    )
    # 3,840 terms and a scale are the most.
    long_row = replace(
        matmul,
        input_shapes=((1, 1, 1, 3841), (1, 1, 2, 3841), (1, 1, 2, 3)),
        output_shape=(1, 1, 1, 2),
        multiply_adds=2 * 3841,
    )
    return [
        ("narrow product without rounding", _patched(conv, 5, 0), "BadRounding"),
        (
            "wide product with rounding",
            _patched(every_operator().descriptors[0], 5, 1),
            "BadRounding",
        ),
        ("narrow product without scales", bare.encode(), "BadInputCount"),
        ("narrow product with a bias", _patched(depthwise, 28, 1), "BadInputKind"),
        ("narrow product of int32", _patched(matmul, 2, 2), "BadDtype"),
        ("narrow product with a multiplier", _patched(matmul, 144, 1), "ReservedNotZero"),
        ("narrow product with a shift", _patched(matmul, 148, 1), "ReservedNotZero"),
        ("narrow product per channel", _patched(matmul, 149, 1), "ReservedNotZero"),
        ("narrow product with an axis", _patched(matmul, 150, 3), "ReservedNotZero"),
        ("narrow matmul with a pad value", _patched(matmul, 124, 1), "ReservedNotZero"),
        ("scales of five channels", _patched(conv, 80, 5), "BadShape"),
        ("scales of two columns", _patched(conv, 84, 2), "BadShape"),
        ("scales like a bias", _patched(matmul, 80, 1, 0, 0, 0, 2), "BadShape"),
        ("narrow clamp upside down", _patched(conv, 140, 127, 255, 255, 255), "BadValue"),
        ("narrow zero point 128", _patched(conv, 132, 128, 0, 0, 0), "BadValue"),
        ("narrow product of 3,841 terms", long_row.encode(), "OperandLimit"),
        ("narrow sum without rounding", _patched(total, 5, 0), "BadRounding"),
        ("narrow sum of int32", _patched(total, 2, 2), "BadDtype"),
        ("narrow sum with one multiplier", _patched(total, 84, 1), "BadShape"),
        ("narrow sum that cannot be broadcast", _patched(total, 60, 2), "BadShape"),
        ("narrow sum with computed multipliers", _patched(total, 24, 3), "BadInputKind"),
        ("narrow sum with shift 0", _patched(total, 148, 0), "BadValue"),
        ("narrow sum with shift 63", _patched(total, 148, 63), "BadValue"),
        ("narrow sum with a multiplier", _patched(total, 144, 1), "ReservedNotZero"),
        ("narrow factors with multiplier 0", _patched(product, 144, *bytes(4)), "BadValue"),
        ("narrow factors with shift 0", _patched(product, 148, 0), "BadValue"),
        ("narrow factors per channel", _patched(product, 149, 1), "ReservedNotZero"),
    ]


def invalid_graphs() -> list[tuple[str, tuple[bytes, ...], str]]:
    """Returns name, descriptors and reason of lists of valid descriptors that do not fit together.

    A graph of 257 operators would double the file, so the graph tests have that case.
    """
    whole = every_operator().descriptors
    own = replace(whole[2], inputs=(Input(InputKind.OPERATOR_OUTPUT, 0),))
    far = replace(whole[0], inputs=(Input(InputKind.JOB_INPUT, 8), *whole[0].inputs[1:]))
    gap = replace(whole[0], inputs=(Input(InputKind.JOB_INPUT, 1), *whole[0].inputs[1:]))
    wrong = replace(whole[1], inputs=(Input(InputKind.JOB_INPUT, 0), whole[1].inputs[1]))
    skips = replace(whole[3], inputs=(Input(InputKind.OPERATOR_OUTPUT, 0),))
    rows = replace(whole[2], input_shapes=((2, 5, 5, 6),), output_shape=(2, 5, 5, 6))
    rows = replace(rows, multiply_adds=multiply_adds(rows))
    rows_of = next(each for each in attention().descriptors if each.opcode is Opcode.GATHER)
    table = replace(
        rows_of,
        inputs=(Input(InputKind.JOB_INPUT, 1), Input(InputKind.OPERATOR_OUTPUT, 0)),
        input_shapes=(rows_of.input_shapes[0], (1, 1, whole[0].output_shape[2], 6)),
        roots=(bytes(32),) * 3,
    )
    cases = [
        ("no operator", (), "OperatorLimit"),
        ("reads itself", (own,), "BadTopology"),
        ("reads a later operator", (whole[0], whole[2]), "BadTopology"),
        ("job input 8", (far,), "InputLimit"),
        ("job input 1 without 0", (gap,), "BadTopology"),
        ("job input in two dtypes", (whole[0], wrong), "OperandMismatch"),
        ("int32 read as int8", (whole[0], whole[1], whole[2], skips), "OperandMismatch"),
        ("other number of rows", (whole[0], whole[1], rows), "OperandMismatch"),
        ("int32 read as a table of int8", (*whole[:1], table), "OperandMismatch"),
    ]
    return [(name, tuple(d.encode() for d in parts), reason) for name, parts, reason in cases]
