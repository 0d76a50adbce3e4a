// The tensor tree of merkle.py, one level per dispatch. Hashes stay in SHA-256's 32-bit words
// (FIPS 180-4); only the host turns a root into bytes.

struct Level {
    // For leaves, the bytes of data; for nodes, the hashes on the level below.
    source: u32,
    // Height of the level below.
    height: u32,
    // The number of hashes that this level writes, and the index of the first.
    count: u32,
    first: u32,
}

struct State {
    abcd: vec4<u32>,
    efgh: vec4<u32>,
}

@group(0) @binding(0) var<storage, read> level: Level;
@group(0) @binding(1) var<storage, read_write> hashes: array<State>;
@group(0) @binding(2) var<storage, read> data: array<u32>;
@group(0) @binding(3) var<storage, read> below: array<State>;
@group(0) @binding(4) var<storage, read> zero_subtrees: array<State>;

const LEAF_BLOCKS = 4u;
const BLOCK_WORDS = 16u;
const LEAF_TAG = 0x6e6c5430u;
const NODE_TAG = 0x6e6c5431u;
// SHA-256's end mark, and the lengths of 256 + 4 and 64 + 4 bytes in bits.
const END = 0x80000000u;
const LEAF_BITS = 2080u;
const NODE_BITS = 544u;

fn start() -> State {
    return State(
        vec4(0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au),
        vec4(0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u),
    );
}

fn rotated(x: u32, by: u32) -> u32 {
    return (x >> by) | (x << (32u - by));
}

fn sha_round(s: State, word: u32) -> State {
    let a = s.abcd;
    let e = s.efgh;
    let first = e.w + word + (rotated(e.x, 6u) ^ rotated(e.x, 11u) ^ rotated(e.x, 25u))
        + (e.z ^ (e.x & (e.y ^ e.z)));
    let second = (rotated(a.x, 2u) ^ rotated(a.x, 13u) ^ rotated(a.x, 22u))
        + ((a.x & a.y) | (a.z & (a.x | a.y)));
    return State(vec4(first + second, a.xyz), vec4(a.w + first, e.xyz));
}

fn four_rounds(s: State, words: vec4<u32>) -> State {
    return sha_round(sha_round(sha_round(sha_round(s, words.x), words.y), words.z), words.w);
}

fn sigma0(x: vec4<u32>) -> vec4<u32> {
    return ((x >> vec4(7u)) | (x << vec4(25u))) ^ ((x >> vec4(18u)) | (x << vec4(14u)))
        ^ (x >> vec4(3u));
}

fn sigma1(x: vec2<u32>) -> vec2<u32> {
    return ((x >> vec2(17u)) | (x << vec2(15u))) ^ ((x >> vec2(19u)) | (x << vec2(13u)))
        ^ (x >> vec2(10u));
}

// The four words of the message schedule that follow the sixteen in a, b, c, d.
fn extended(a: vec4<u32>, b: vec4<u32>, c: vec4<u32>, d: vec4<u32>) -> vec4<u32> {
    let sum = a + sigma0(vec4(a.yzw, b.x)) + vec4(c.yzw, d.x);
    let low = sum.xy + sigma1(d.zw);
    return vec4(low, sum.zw + sigma1(low));
}

fn compressed(before: State, w0: vec4<u32>, w1: vec4<u32>, w2: vec4<u32>, w3: vec4<u32>) -> State {
    var s = before;
    var a = w0;
    var b = w1;
    var c = w2;
    var d = w3;
    s = four_rounds(s, a + vec4(0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u));
    s = four_rounds(s, b + vec4(0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u));
    s = four_rounds(s, c + vec4(0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u));
    s = four_rounds(s, d + vec4(0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u));
    a = extended(a, b, c, d);
    s = four_rounds(s, a + vec4(0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu));
    b = extended(b, c, d, a);
    s = four_rounds(s, b + vec4(0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau));
    c = extended(c, d, a, b);
    s = four_rounds(s, c + vec4(0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u));
    d = extended(d, a, b, c);
    s = four_rounds(s, d + vec4(0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u));
    a = extended(a, b, c, d);
    s = four_rounds(s, a + vec4(0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u));
    b = extended(b, c, d, a);
    s = four_rounds(s, b + vec4(0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u));
    c = extended(c, d, a, b);
    s = four_rounds(s, c + vec4(0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u));
    d = extended(d, a, b, c);
    s = four_rounds(s, d + vec4(0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u));
    a = extended(a, b, c, d);
    s = four_rounds(s, a + vec4(0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u));
    b = extended(b, c, d, a);
    s = four_rounds(s, b + vec4(0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u));
    c = extended(c, d, a, b);
    s = four_rounds(s, c + vec4(0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u));
    d = extended(d, a, b, c);
    s = four_rounds(s, d + vec4(0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u));
    return State(before.abcd + s.abcd, before.efgh + s.efgh);
}

fn ended(s: State, tag: u32, bits: u32) -> State {
    return compressed(s, vec4(tag, END, 0u, 0u), vec4(0u), vec4(0u), vec4(0u, 0u, 0u, bits));
}

fn big_endian(word: u32) -> u32 {
    let swapped = ((word & 0x00ff00ffu) << 8u) | ((word >> 8u) & 0x00ff00ffu);
    return rotated(swapped, 16u);
}

// Words beyond the data are zero, and the last word may be incomplete.
fn word_at(index: u32) -> u32 {
    let held = level.source / 4u;
    if (index < held) {
        return big_endian(data[index]);
    }
    let rest = level.source % 4u;
    if (index > held || rest == 0u) {
        return 0u;
    }
    return big_endian(extractBits(data[index], 0u, 8u * rest));
}

fn words_at(index: u32) -> vec4<u32> {
    return vec4(word_at(index), word_at(index + 1u), word_at(index + 2u), word_at(index + 3u));
}

fn invocation(group: vec3<u32>, groups: vec3<u32>, local: u32) -> u32 {
    return (group.y * groups.x + group.x) * 64u + local;
}

@compute @workgroup_size(64)
fn leaves(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    if (index >= level.count) {
        return;
    }
    var s = start();
    for (var block = 0u; block < LEAF_BLOCKS; block++) {
        let at = (index * LEAF_BLOCKS + block) * BLOCK_WORDS;
        s = compressed(s, words_at(at), words_at(at + 4u), words_at(at + 8u), words_at(at + 12u));
    }
    hashes[level.first + index] = ended(s, LEAF_TAG, LEAF_BITS);
}

@compute @workgroup_size(64)
fn nodes(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    if (index >= level.count) {
        return;
    }
    let left = below[2u * index];
    var right = zero_subtrees[level.height];
    if (2u * index + 1u < level.source) {
        right = below[2u * index + 1u];
    }
    let s = compressed(start(), left.abcd, left.efgh, right.abcd, right.efgh);
    hashes[level.first + index] = ended(s, NODE_TAG, NODE_BITS);
}
