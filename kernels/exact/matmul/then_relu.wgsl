@group(0) @binding(8) var<storage, read> activation_descriptor: array<u32, 64>;
@group(0) @binding(9) var<storage, read_write> activated: array<u32>;

fn activate(value: i32) -> i32 {
    let low = read_clamp_low(activation_descriptor[CLAMP_LOW_WORD]);
    let high = read_clamp_high(activation_descriptor[CLAMP_HIGH_WORD]);
    return min(max(value, low), high);
}

fn store_active(at: u32, word: u32) {
    activated[at] = word;
}
