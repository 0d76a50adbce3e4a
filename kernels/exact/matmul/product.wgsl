// The product in matmul and convolution: sums over k of left(row, k) * right(column, k), sixteen
// bytes at a time. The preceding text defines left and right. The following text defines bias_at, has
// the entry point, which calls write_tile, and uses the sums. An
// invocation computes TILE_ROWS rows by TILE_COLUMNS columns in registers.

const GROUP_SIZE = GROUP_ROWS * GROUP_COLUMNS;
const ROWS = GROUP_ROWS * TILE_ROWS;
const COLUMNS = GROUP_COLUMNS * TILE_COLUMNS;
const VECTORS = TILE_COLUMNS / 4u;
const ONES = vec4(0x01010101u);

// The number of quads per row in workgroup memory at a time. STAGED = 0 stages none.
const DEPTH = max(STAGED, 1u);
var<workgroup> left_tile: array<vec4<u32>, max(ROWS * STAGED, 1u)>;
var<workgroup> right_tile: array<vec4<u32>, max(COLUMNS * STAGED, 1u)>;

// The terms of a sum: runs of contiguous quads of sixteen bytes.
struct Terms {
    runs: u32,
    quads: u32,
}

// Rows and columns of each of several independent products.
struct Extent {
    batches: u32,
    rows: u32,
    columns: u32,
}

struct Place {
    batch: u32,
    row: u32,
    column: u32,
}

// Neighbouring invocations write neighbouring vectors of four columns.
fn column_of(place: Place, at: u32) -> u32 {
    return place.column + at / 4u * (4u * GROUP_COLUMNS) + at % 4u;
}

fn dot(x: vec4<u32>, y: vec4<u32>) -> i32 {
    return dot4I8Packed(x.x, y.x) + dot4I8Packed(x.y, y.y)
        + dot4I8Packed(x.z, y.z) + dot4I8Packed(x.w, y.w);
}

struct Sums {
    products: array<array<vec4<i32>, VECTORS>, TILE_ROWS>,
    // Sums of the right operand alone, to subtract the zero point of the left one.
    weights: array<vec4<i32>, VECTORS>,
}

fn direct(place: Place, size: Extent) -> Sums {
    let terms = terms();
    var sums: Sums;
    var rows: array<Left, TILE_ROWS>;
    for (var i = 0u; i < TILE_ROWS; i++) {
        rows[i] = left_row(place.batch, min(place.row + i, size.rows - 1u));
    }
    for (var run = 0u; run < terms.runs; run++) {
        var x_at: array<u32, TILE_ROWS>;
        var y_at: array<u32, TILE_COLUMNS>;
        for (var i = 0u; i < TILE_ROWS; i++) {
            x_at[i] = left_run(rows[i], run);
        }
        for (var j = 0u; j < TILE_COLUMNS; j++) {
            y_at[j] = right_run(place.batch, min(column_of(place, j), size.columns - 1u), run);
        }
        for (var quad = 0u; quad < terms.quads; quad++) {
            var y: array<vec4<u32>, TILE_COLUMNS>;
            for (var j = 0u; j < TILE_COLUMNS; j++) {
                y[j] = right(y_at[j], run, quad);
            }
            for (var i = 0u; i < TILE_ROWS; i++) {
                let x = left(rows[i], x_at[i], run, quad);
                for (var v = 0u; v < VECTORS; v++) {
                    let j = 4u * v;
                    sums.products[i][v] +=
                        vec4(dot(x, y[j]), dot(x, y[j + 1u]), dot(x, y[j + 2u]), dot(x, y[j + 3u]));
                }
            }
            if (OFFSET == 1u) {
                for (var v = 0u; v < VECTORS; v++) {
                    let j = 4u * v;
                    sums.weights[v] += vec4(
                        dot(ONES, y[j]),
                        dot(ONES, y[j + 1u]),
                        dot(ONES, y[j + 2u]),
                        dot(ONES, y[j + 3u]),
                    );
                }
            }
        }
    }
    return sums;
}

// The same sums through workgroup memory. For a convolution this is im2col of the current tile.
fn staged(place: Place, size: Extent, local: u32) -> Sums {
    let terms = terms();
    let depth = terms.runs * terms.quads;
    let first_row = place.row - local / GROUP_COLUMNS * TILE_ROWS;
    let first_column = place.column - local % GROUP_COLUMNS * 4u;
    var sums: Sums;
    for (var start = 0u; start < depth; start += DEPTH) {
        for (var slot = local; slot < ROWS * DEPTH; slot += GROUP_SIZE) {
            let k = start + slot % DEPTH;
            let row = left_row(place.batch, min(first_row + slot / DEPTH, size.rows - 1u));
            var quad = vec4(0u);
            if (k < depth) {
                let run = k / terms.quads;
                quad = left(row, left_run(row, run), run, k % terms.quads);
            }
            left_tile[slot] = quad;
        }
        for (var slot = local; slot < COLUMNS * DEPTH; slot += GROUP_SIZE) {
            let k = start + slot % DEPTH;
            let column = min(first_column + slot / DEPTH, size.columns - 1u);
            var quad = vec4(0u);
            if (k < depth) {
                let run = k / terms.quads;
                quad = right(right_run(place.batch, column, run), run, k % terms.quads);
            }
            right_tile[slot] = quad;
        }
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k++) {
            var y: array<vec4<u32>, TILE_COLUMNS>;
            for (var j = 0u; j < TILE_COLUMNS; j++) {
                y[j] = right_tile[(column_of(place, j) - first_column) * DEPTH + k];
            }
            for (var i = 0u; i < TILE_ROWS; i++) {
                let x = left_tile[(place.row + i - first_row) * DEPTH + k];
                for (var v = 0u; v < VECTORS; v++) {
                    let j = 4u * v;
                    sums.products[i][v] +=
                        vec4(dot(x, y[j]), dot(x, y[j + 1u]), dot(x, y[j + 2u]), dot(x, y[j + 3u]));
                }
            }
            if (OFFSET == 1u) {
                for (var v = 0u; v < VECTORS; v++) {
                    let j = 4u * v;
                    sums.weights[v] += vec4(
                        dot(ONES, y[j]),
                        dot(ONES, y[j + 1u]),
                        dot(ONES, y[j + 2u]),
                        dot(ONES, y[j + 3u]),
                    );
                }
            }
        }
        workgroupBarrier();
    }
    return sums;
}

// Writes the tile of an invocation in workgroup `index`.
fn write_tile(index: u32, local: u32) {
    let tensor = tensor_layout(OUTPUT_SHAPE, 4u);
    let size = extent(tensor);
    let across = (written_columns(tensor) + COLUMNS - 1u) / COLUMNS;
    let down = (size.rows + ROWS - 1u) / ROWS;
    let place = Place(
        index / (across * down),
        index / across % down * ROWS + local / GROUP_COLUMNS * TILE_ROWS,
        index % across * COLUMNS + local % GROUP_COLUMNS * 4u,
    );
    if (place.batch >= size.batches) {
        return;
    }
    var sums: Sums;
    if (STAGED > 0u) {
        sums = staged(place, size, local);
    } else if (place.row < size.rows && place.column < written_columns(tensor)) {
        sums = direct(place, size);
    }
    // A separate array keeps the sums in registers even where a driver does not unroll the loop
    // below and indexes memory in it.
    var totals: array<array<vec4<i32>, TILE_ROWS>, VECTORS>;
    for (var v = 0u; v < VECTORS; v++) {
        for (var i = 0u; i < TILE_ROWS; i++) {
            totals[v][i] = sums.products[i][v] - field_zero_point_in() * sums.weights[v];
        }
    }
    for (var v = 0u; v < VECTORS; v++) {
        let column = column_of(place, 4u * v);
        let start = vec4(
            bias_at(column, tensor.columns),
            bias_at(column + 1u, tensor.columns),
            bias_at(column + 2u, tensor.columns),
            bias_at(column + 3u, tensor.columns),
        );
        let kept = vec4(column) + vec4(0u, 1u, 2u, 3u) < vec4(tensor.columns);
        let vector = vector_of(column, tensor);
        for (var i = 0u; i < TILE_ROWS; i++) {
            if (place.row + i < size.rows) {
                let row = place.batch * size.rows + place.row + i;
                finish(row, vector, tensor, select(vec4(0), start + totals[v][i], kept));
            }
        }
    }
}
