use super::fault::Fault;

/// A shape in NHWC order, with leading ones.
pub type Shape = [u32; 4];

protocol::limits! {
    /// Maximum number of stored bytes of a tensor.
    pub const MAX_TENSOR_BYTES: u64 = 1 << 30;
}

protocol::codes! {
    /// Element types of a tensor.
    pub enum Dtype {
        Int8 = 1,
        Int32 = 2,
    }
}

impl Dtype {
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Int8 => 1,
            Self::Int32 => 4,
        }
    }
}

/// Returns the stored bytes of a row of `bytes`: the next power of two up to 256, and above that
/// the next multiple of 256.
pub fn row_stride(bytes: u64) -> Option<u64> {
    if bytes <= 256 {
        bytes.checked_next_power_of_two()
    } else {
        bytes.checked_next_multiple_of(256)
    }
}

fn rows(shape: &Shape) -> Option<u64> {
    let [n, h, w, _] = shape.map(u64::from);
    n.checked_mul(h)?.checked_mul(w)
}

fn row_bytes(shape: &Shape, dtype: Dtype) -> Option<u64> {
    u64::from(shape[3]).checked_mul(dtype.bytes())
}

/// Returns the number of elements of a tensor, or None when it exceeds u64.
pub fn elements(shape: &Shape) -> Option<u64> {
    rows(shape)?.checked_mul(u64::from(shape[3]))
}

/// Returns the stored bytes of a tensor including row padding, or None when they exceed u64.
pub fn stored_bytes(shape: &Shape, dtype: Dtype) -> Option<u64> {
    rows(shape)?.checked_mul(row_stride(row_bytes(shape, dtype)?)?)
}

/// Refuses a tensor with more stored bytes than the limit.
pub fn check_stored(shape: &Shape, dtype: Dtype) -> Result<(), Fault> {
    match stored_bytes(shape, dtype) {
        Some(bytes) if bytes <= MAX_TENSOR_BYTES => Ok(()),
        _ => Err(Fault::TensorLimit),
    }
}

/// Returns whether two shapes of one dtype describe the same canonical bytes: either their rows
/// agree in length and number, or neither has row padding and both have the same number of bytes.
pub fn same_bytes(a: &Shape, b: &Shape, dtype: Dtype) -> bool {
    if a == b || (a[3] == b[3] && rows(a) == rows(b)) {
        return true;
    }
    let unpadded = |shape| {
        let bytes = row_bytes(shape, dtype);
        bytes.is_some() && bytes.and_then(row_stride) == bytes
    };
    unpadded(a) && unpadded(b) && elements(a) == elements(b)
}
