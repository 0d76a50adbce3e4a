struct Scale {
    multiplier: u32,
    shift: u32,
    zero_point: i32,
    clamp_low: i32,
    clamp_high: i32,
}

fn wide_of(value: i32) -> Wide {
    return Wide(bitcast<u32>(value), bitcast<u32>(value >> 31u));
}

// Saturates to the range of i32, which contains every clamp.
fn saturate(value: Wide) -> i32 {
    let low = bitcast<i32>(value.low);
    let high = bitcast<i32>(value.high);
    return select(low, select(0x7fffffff, -0x7fffffff - 1, high < 0), high != low >> 31u);
}

fn requantise(value: i32, scale: Scale) -> i32 {
    return rounded(multiply(value, scale.multiplier), scale);
}

fn rounded(product: Wide, scale: Scale) -> i32 {
    let quotient = shift_right(add_wide(product, half_of(scale.shift)), scale.shift);
    let moved = saturate(add_wide(quotient, wide_of(scale.zero_point)));
    return min(max(moved, scale.clamp_low), scale.clamp_high);
}
