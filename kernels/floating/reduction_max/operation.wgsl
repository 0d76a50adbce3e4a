const IDENTITY = -0x1.fffffep+127;

fn combine(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
    return max(a, b);
}
