@group(0) @binding(2) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> weights: array<vec4<u32>>;

const IN_PADDING = 0xffffffffu;

// The image of an output pixel, and the top left corner of its window.
struct Left {
    image: i32,
    corner: vec2<i32>,
}

fn extent(tensor: Layout) -> Extent {
    return Extent(1u, tensor.rows, tensor.columns);
}

fn taps() -> u32 {
    let kernel = field_kernel();
    return u32(kernel.x * kernel.y);
}

fn channel_stride() -> u32 {
    return row_stride(shape(0u).w);
}

// A run holds the channels of one tap, or a quad of several taps where rows are narrow.
fn terms() -> Terms {
    if (NARROW == 1u) {
        return Terms((taps() * channel_stride() + 15u) / 16u, 1u);
    }
    return Terms(taps(), (shape(0u).w + 15u) / 16u);
}

fn padding_word() -> u32 {
    return (u32(field_pad_value()) & 255u) * 0x01010101u;
}

fn left_row(batch: u32, row: u32) -> Left {
    let size = vec4<i32>(shape(OUTPUT_SHAPE));
    let at = i32(row);
    let place = vec2(at / size.z % size.y, at % size.z);
    return Left(at / (size.y * size.z), place * field_stride() - field_padding_before());
}

// The index of the input row that a tap reads, or IN_PADDING.
fn tap_row(row: Left, tap: u32) -> u32 {
    let size = vec4<i32>(shape(0u));
    let across = field_kernel().y;
    let at = row.corner + vec2(i32(tap) / across, i32(tap) % across) * field_dilation();
    if (any(at < vec2(0)) || any(at >= size.yz)) {
        return IN_PADDING;
    }
    return u32((row.image * size.y + at.x) * size.z + at.y);
}

fn left_run(row: Left, run: u32) -> u32 {
    if (NARROW == 1u) {
        return 0u;
    }
    let at = tap_row(row, run);
    return select(at * (channel_stride() / 16u), IN_PADDING, at == IN_PADDING);
}

fn left(row: Left, at: u32, run: u32, quad: u32) -> vec4<u32> {
    if (NARROW == 1u) {
        return packed_taps(row, run);
    }
    let outside = at == IN_PADDING;
    return select(x[select(at + quad, 0u, outside)], vec4(padding_word()), outside);
}

fn packed_taps(row: Left, run: u32) -> vec4<u32> {
    let stride = channel_stride();
    let mask = select((1u << (8u * stride)) - 1u, 0xffffffffu, stride >= 4u);
    var packed = vec4(0u);
    for (var byte = 0u; byte < 16u; byte += stride) {
        let tap = (16u * run + byte) / stride;
        if (tap >= taps()) {
            break;
        }
        let at = tap_row(row, tap);
        var word = vec2(padding_word());
        if (at != IN_PADDING) {
            let from_byte = at * stride;
            let quad = x[from_byte / 16u];
            let first = from_byte % 16u / 4u;
            word = vec2(quad[first] >> (8u * (from_byte % 4u)), quad[min(first + 1u, 3u)]);
        }
        packed[byte / 4u] |= (word.x & mask) << (8u * (byte % 4u));
        if (stride == 8u) {
            packed[byte / 4u + 1u] = word.y;
        }
    }
    return packed;
}

// Where rows are narrow, this is the byte at which the filter begins.
fn right_run(batch: u32, column: u32, run: u32) -> u32 {
    if (NARROW == 1u) {
        return column * taps() * channel_stride();
    }
    return (column * taps() + run) * (channel_stride() / 16u);
}

fn right(at: u32, run: u32, quad: u32) -> vec4<u32> {
    if (NARROW == 0u) {
        return weights[at + quad];
    }
    let end = at + taps() * channel_stride();
    let start = at + 16u * run;
    return vec4(
        weights_word(start, end),
        weights_word(start + 4u, end),
        weights_word(start + 8u, end),
        weights_word(start + 12u, end),
    );
}

// Four bytes at any offset. Bytes from end on belong to the next filter and become zero.
fn weights_word(byte: u32, end: u32) -> u32 {
    if (byte >= end) {
        return 0u;
    }
    let shift = 8u * (byte % 4u);
    let index = byte / 4u;
    var word = weights[index / 4u][index % 4u] >> shift;
    if (shift > 0u) {
        word |= weights[(index + 1u) / 4u][(index + 1u) % 4u] << (32u - shift);
    }
    if (end - byte < 4u) {
        word &= (1u << (8u * (end - byte))) - 1u;
    }
    return word;
}
