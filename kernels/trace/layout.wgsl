// Canonical tensor bytes seen as words: the twin of layout.py. Every exact kernel follows this text,
// which follows descriptor/fields.wgsl. Padding is zero in every input, and every kernel writes the
// padding of its output as zeros.

@group(0) @binding(1) var<storage, read_write> output: array<u32>;

struct Layout {
    rows: u32,
    columns: u32,
    // Bytes from one row to the next.
    stride: u32,
}

fn row_stride(bytes: u32) -> u32 {
    if (bytes > 256u) {
        return (bytes + 255u) / 256u * 256u;
    }
    if (bytes == 1u) {
        return 1u;
    }
    return 1u << (32u - countLeadingZeros(bytes - 1u));
}

fn tensor_layout(slot: u32, element_bytes: u32) -> Layout {
    let size = shape(slot);
    return Layout(size.x * size.y * size.z, size.w, row_stride(size.w * element_bytes));
}

fn words(tensor: Layout) -> u32 {
    return (tensor.rows * tensor.stride + 3u) / 4u;
}

// Rows of one or two bytes share a word: the word of a row, and which of its bits are the row.
struct RowWord {
    index: u32,
    shift: u32,
    mask: u32,
}

fn row_word(row: u32, stride: u32) -> RowWord {
    if (stride >= 4u) {
        return RowWord(row * (stride / 4u), 0u, 0xffffffffu);
    }
    let byte = row * stride;
    return RowWord(byte / 4u, 8u * (byte % 4u), (1u << (8u * stride)) - 1u);
}

fn byte_of(word: u32, lane: u32) -> i32 {
    return extractBits(bitcast<i32>(word), 8u * lane, 8u);
}

// The grid has two dimensions because one is too short for large tensors.
fn invocation(group: vec3<u32>, groups: vec3<u32>, local: u32) -> u32 {
    return (group.y * groups.x + group.x) * 64u + local;
}
