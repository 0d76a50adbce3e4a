struct Parameters { m: u32, k: u32, n: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> a: array<element4>;
@group(0) @binding(2) var<storage, read> b: array<element4>;
@group(0) @binding(3) var<storage, read_write> output: array<element4>;

const LANES_X: u32 = WORKGROUP / LANES_Y;
const TILE_ROWS: u32 = 4u * LANES_Y;
const TILE_VECTORS: u32 = 2u * LANES_X;
// The vectors of A, and the groups of four rows of B, that a tile holds at a time.
const DEPTH = 4u;

var<workgroup> left: array<vec4<f32>, TILE_ROWS * DEPTH>;
var<workgroup> right: array<vec4<f32>, 4u * DEPTH * TILE_VECTORS>;

// Four rows by eight columns; the columns of these matrices are rows of the output.
struct Sums {
    first: mat4x4<f32>,
    second: mat4x4<f32>,
}

fn b_stride() -> u32 {
    return (parameters.n + 3u) / 4u;
}

fn store_row(row: u32, column: u32, values: vec4<f32>) {
    let stride = b_stride();
    if row < parameters.m && column < stride {
        output[row * stride + column] = element4(values);
    }
}

fn store(row: u32, column: u32, values: mat4x4<f32>) {
    store_row(row, column, values[0]);
    store_row(row + 1u, column, values[1]);
    store_row(row + 2u, column, values[2]);
    store_row(row + 3u, column, values[3]);
}

fn b_at(k: u32, column: u32) -> vec4<f32> {
    return vec4<f32>(b[k * b_stride() + column]);
}

fn b_block(k: u32, column: u32) -> mat4x4<f32> {
    return mat4x4(b_at(k, column), b_at(k + 1u, column), b_at(k + 2u, column), b_at(k + 3u, column));
}

// A's padding is zero, but zero times a value beyond B's last row may be NaN.
fn b_end(k: u32, column: u32) -> mat4x4<f32> {
    var rows = mat4x4<f32>();
    rows[0] = b_at(k, column);
    if k + 1u < parameters.k {
        rows[1] = b_at(k + 1u, column);
    }
    if k + 2u < parameters.k {
        rows[2] = b_at(k + 2u, column);
    }
    return rows;
}

// Reads straight from the buffers, for adapters whose workgroup memory is no faster than their
// caches.
@compute @workgroup_size(LANES_X, LANES_Y)
fn direct(@builtin(global_invocation_id) at: vec3<u32>) {
    let a_stride = (parameters.k + 3u) / 4u;
    let row = at.y * 4u;
    let column = at.x * 2u;
    if row >= parameters.m || column >= b_stride() {
        return;
    }
    let last = parameters.m - 1u;
    let rows = vec4(row, min(row + 1u, last), min(row + 2u, last), min(row + 3u, last)) * a_stride;
    let next = min(column + 1u, b_stride() - 1u);
    var sums = Sums();
    let whole = parameters.k / 4u;
    for (var step = 0u; step < whole; step++) {
        let x = a_block(rows + step);
        sums.first += b_block(4u * step, column) * x;
        sums.second += b_block(4u * step, next) * x;
    }
    if whole < a_stride {
        let x = a_block(rows + whole);
        sums.first += b_end(4u * whole, column) * x;
        sums.second += b_end(4u * whole, next) * x;
    }
    store(row, column, sums.first);
    store(row, column + 1u, sums.second);
}

fn a_block(at: vec4<u32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        vec4<f32>(a[at.x]), vec4<f32>(a[at.y]), vec4<f32>(a[at.z]), vec4<f32>(a[at.w])
    );
}

// Tiles of A and B go through workgroup memory, so each element is loaded once per workgroup.
@compute @workgroup_size(LANES_X, LANES_Y)
fn tiled(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let a_stride = (parameters.k + 3u) / 4u;
    let first_row = group.y * TILE_ROWS;
    let first_column = group.x * TILE_VECTORS;
    var sums = Sums();
    for (var start = 0u; start < a_stride; start += DEPTH) {
        for (var slot = lane; slot < TILE_ROWS * DEPTH; slot += WORKGROUP) {
            let row = first_row + slot / DEPTH;
            let k = start + slot % DEPTH;
            if row < parameters.m && k < a_stride {
                left[slot] = vec4<f32>(a[row * a_stride + k]);
            } else {
                left[slot] = vec4(0.0);
            }
        }
        for (var slot = lane; slot < 4u * DEPTH * TILE_VECTORS; slot += WORKGROUP) {
            let k = 4u * start + slot / TILE_VECTORS;
            let column = first_column + slot % TILE_VECTORS;
            if k < parameters.k && column < b_stride() {
                right[slot] = b_at(k, column);
            } else {
                right[slot] = vec4(0.0);
            }
        }
        workgroupBarrier();
        for (var step = 0u; step < DEPTH; step++) {
            let at = 4u * local.y * DEPTH + step;
            let x = mat4x4(left[at], left[at + DEPTH], left[at + 2u * DEPTH], left[at + 3u * DEPTH]);
            // Neighbours read neighbouring vectors, which avoids bank conflicts.
            sums.first += right_block(4u * step, local.x) * x;
            sums.second += right_block(4u * step, local.x + LANES_X) * x;
        }
        workgroupBarrier();
    }
    let row = first_row + 4u * local.y;
    store(row, first_column + local.x, sums.first);
    store(row, first_column + local.x + LANES_X, sums.second);
}

fn right_block(k: u32, column: u32) -> mat4x4<f32> {
    let at = k * TILE_VECTORS + column;
    return mat4x4(
        right[at],
        right[at + TILE_VECTORS],
        right[at + 2u * TILE_VECTORS],
        right[at + 3u * TILE_VECTORS],
    );
}
