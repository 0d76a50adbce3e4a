struct Parameters { n: u32, learning_rate: f32, momentum: f32, weight_decay: f32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
