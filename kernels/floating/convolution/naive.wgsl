@group(0) @binding(1) var<storage, read> x: array<element>;
@group(0) @binding(2) var<storage, read> weights: array<element>;
@group(0) @binding(3) var<storage, read> bias: array<element>;
@group(0) @binding(4) var<storage, read_write> output: array<element>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.y * groups.x + group.x) * 64u + lane;
    let filter0 = at % parameters.filters;
    let pixel = at / parameters.filters;
    let row = pixel / parameters.output_width;
    let image = row / parameters.output_height;
    if image >= parameters.images {
        return;
    }
    let depth = (parameters.channels + 3u) / 4u * 4u;
    var sum = f32(bias[filter0]);
    for (var ky = 0u; ky < parameters.kernel_height; ky++) {
        for (var kx = 0u; kx < parameters.kernel_width; kx++) {
            let y = tap_y(row % parameters.output_height, ky);
            let column = tap_x(pixel % parameters.output_width, kx);
            if inside(y, column) {
                let place = (image * parameters.height + u32(y)) * parameters.width + u32(column);
                let taps = (filter0 * parameters.kernel_height + ky) * parameters.kernel_width + kx;
                for (var channel = 0u; channel < parameters.channels; channel++) {
                    sum += f32(x[place * depth + channel]) * f32(weights[taps * depth + channel]);
                }
            }
        }
    }
    output[pixel * ((parameters.filters + 3u) / 4u * 4u) + filter0] = element(sum);
}
