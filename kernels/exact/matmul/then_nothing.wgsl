fn activate(value: i32) -> i32 {
    return value;
}

fn store_active(at: u32, word: u32) {}
