// A 64-bit integer in two's complement as two 32-bit limbs, because WGSL has no i64.
struct Wide {
    low: u32,
    high: u32,
}

fn add_wide(a: Wide, b: Wide) -> Wide {
    let low = a.low + b.low;
    return Wide(low, a.high + b.high + select(0u, 1u, low < a.low));
}

fn negate(value: Wide) -> Wide {
    return add_wide(Wide(~value.low, ~value.high), Wide(1u, 0u));
}

fn multiply_unsigned(left: u32, right: u32) -> Wide {
    let a = vec2(left & 0xffffu, left >> 16u);
    let b = vec2(right & 0xffffu, right >> 16u);
    let outer = Wide(a.x * b.x, a.y * b.y);
    let first = a.x * b.y;
    let second = a.y * b.x;
    return add_wide(
        add_wide(outer, Wide(first << 16u, first >> 16u)),
        Wide(second << 16u, second >> 16u),
    );
}

fn multiply(value: i32, multiplier: u32) -> Wide {
    // The magnitude of -2^31 is 2^31, which unsigned negation gives.
    let bits = bitcast<u32>(value);
    if (value >= 0) {
        return multiply_unsigned(bits, multiplier);
    }
    return negate(multiply_unsigned(0u - bits, multiplier));
}

fn shift_right(value: Wide, shift: u32) -> Wide {
    let high = bitcast<i32>(value.high);
    if (shift >= 32u) {
        return Wide(bitcast<u32>(high >> (shift - 32u)), bitcast<u32>(high >> 31u));
    }
    let low = (value.low >> shift) | (value.high << (32u - shift));
    return Wide(low, bitcast<u32>(high >> shift));
}

// 2^(shift - 1), which makes the shift round half up when added; shift is 1 to 62.
fn half_of(shift: u32) -> Wide {
    let bit = 1u << ((shift - 1u) & 31u);
    return Wide(select(0u, bit, shift <= 32u), select(bit, 0u, shift <= 32u));
}
