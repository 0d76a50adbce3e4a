@group(0) @binding(8) var<storage, read_write> activated: array<u32>;
@group(0) @binding(9) var<storage, read> table: array<u32>;

fn activate(value: i32) -> i32 {
    let entry = u32(value + 128);
    return byte_of(table[entry / 4u], entry % 4u);
}

fn store_active(at: u32, word: u32) {
    activated[at] = word;
}
