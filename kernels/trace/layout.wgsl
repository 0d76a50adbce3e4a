// Canonical tensor bytes seen as words: the twin of layout.py. Every kernel starts with this text.
// Padding is zero in every input, and every kernel writes its output's padding as zeros.

@group(0) @binding(0) var<storage, read> descriptor: array<u32, 64>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

const INT8 = 1u;
const OUTPUT_SHAPE = 3u;

struct Layout {
    rows: u32,
    columns: u32,
    // Bytes from a row to the next.
    stride: u32,
}

fn dtype_in() -> u32 {
    return (descriptor[0] >> 16u) & 255u;
}

fn input_count() -> u32 {
    return descriptor[1] & 255u;
}

// N, H, W, C of input 0, 1, 2 or the output.
fn shape(slot: u32) -> vec4<u32> {
    let at = 10u + 4u * slot;
    return vec4(descriptor[at], descriptor[at + 1u], descriptor[at + 2u], descriptor[at + 3u]);
}

// A pair of u16 fields as (height, width), or (top, left).
fn pair(offset: u32) -> vec2<i32> {
    let word = descriptor[offset / 4u];
    return vec2(i32(word & 0xffffu), i32(word >> 16u));
}

fn integer_at(offset: u32) -> i32 {
    return bitcast<i32>(descriptor[offset / 4u]);
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

// Rows of one or two bytes share a word: where a row's word lies, and which of its bits are the row.
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

// The grid is two-dimensional only because one dimension is too short for large tensors.
fn invocation(group: vec3<u32>, groups: vec3<u32>, local: u32) -> u32 {
    return (group.y * groups.x + group.x) * 64u + local;
}
