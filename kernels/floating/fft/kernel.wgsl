struct Parameters { rows: u32, inverse: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec2<f32>>;

const TAU = 6.283185307179586;
const STRIDE: u32 = (N + 3u) / 4u * 4u;
// Radix-four butterflies per invocation.
const FOURS: u32 = max((N / 4u + WORKGROUP - 1u) / WORKGROUP, 1u);

var<workgroup> data: array<vec2<f32>, N>;

fn product(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

fn turned(value: vec2<f32>, angle: f32) -> vec2<f32> {
    return product(value, vec2(cos(angle), sin(angle)));
}

// One workgroup per row. Stockham's passes of radix four follow one of radix two where N is not a
// power of four (Govindaraju et al. 2008, "High performance discrete Fourier transforms on graphics
// processors"). A pass reads everything before it writes, so one array is enough.
@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = group.y * groups.x + group.x;
    let present = row < parameters.rows;
    let start = select(0u, row, present) * STRIDE;
    let sign = select(-1.0, 1.0, parameters.inverse == 1u);
    for (var at = lane; at < N; at += WORKGROUP) {
        data[at] = x[start + at];
    }
    workgroupBarrier();
    var done = 1u;
    if countTrailingZeros(N) % 2u == 1u {
        var pairs: array<vec4<f32>, 2u * FOURS>;
        for (var step = 0u; step < 2u * FOURS; step++) {
            let at = lane + step * WORKGROUP;
            if at < N / 2u {
                pairs[step] = vec4(data[at] + data[at + N / 2u], data[at] - data[at + N / 2u]);
            }
        }
        workgroupBarrier();
        for (var step = 0u; step < 2u * FOURS; step++) {
            let at = lane + step * WORKGROUP;
            if at < N / 2u {
                data[2u * at] = pairs[step].xy;
                data[2u * at + 1u] = pairs[step].zw;
            }
        }
        workgroupBarrier();
        done = 2u;
    }
    for (; done < N; done *= 4u) {
        var fours: array<array<vec2<f32>, 4>, FOURS>;
        for (var step = 0u; step < FOURS; step++) {
            let at = lane + step * WORKGROUP;
            if at < N / 4u {
                let angle = sign * TAU * f32(at % done) / f32(4u * done);
                let a = data[at];
                let b = turned(data[at + N / 4u], angle);
                let c = turned(data[at + N / 2u], 2.0 * angle);
                let d = turned(data[at + 3u * (N / 4u)], 3.0 * angle);
                let quarter = sign * vec2(d.y - b.y, b.x - d.x);
                fours[step] = array(a + b + c + d, a - c + quarter, a - b + c - d, a - c - quarter);
            }
        }
        workgroupBarrier();
        for (var step = 0u; step < FOURS; step++) {
            let at = lane + step * WORKGROUP;
            if at < N / 4u {
                let place = at / done * done * 4u + at % done;
                data[place] = fours[step][0];
                data[place + done] = fours[step][1];
                data[place + 2u * done] = fours[step][2];
                data[place + 3u * done] = fours[step][3];
            }
        }
        workgroupBarrier();
    }
    let scale = select(1.0, 1.0 / f32(N), parameters.inverse == 1u);
    for (var at = lane; at < N && present; at += WORKGROUP) {
        output[start + at] = data[at] * scale;
    }
}
