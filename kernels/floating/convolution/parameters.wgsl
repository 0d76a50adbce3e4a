struct Parameters {
    images: u32, height: u32, width: u32, channels: u32,
    filters: u32, kernel_height: u32, kernel_width: u32,
    output_height: u32, output_width: u32,
    stride_height: u32, stride_width: u32,
    dilation_height: u32, dilation_width: u32,
    top: u32, left: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;

// The row of x's image that a tap reads, possibly outside it; tap_x does the same for columns.
fn tap_y(output_y: u32, tap: u32) -> i32 {
    let y = output_y * parameters.stride_height + tap * parameters.dilation_height;
    return i32(y) - i32(parameters.top);
}

fn tap_x(output_x: u32, tap: u32) -> i32 {
    let x = output_x * parameters.stride_width + tap * parameters.dilation_width;
    return i32(x) - i32(parameters.left);
}

fn inside(y: i32, x: i32) -> bool {
    return y >= 0 && y < i32(parameters.height) && x >= 0 && x < i32(parameters.width);
}
