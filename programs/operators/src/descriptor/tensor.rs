use super::fault::Fault;

/// NHWC, leading ones.
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

/// Stored bytes of a row of `bytes`: the next power of two up to 256, above that the next
/// multiple of 256.
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

/// Elements of a tensor. None when they exceed u64.
pub fn elements(shape: &Shape) -> Option<u64> {
    rows(shape)?.checked_mul(u64::from(shape[3]))
}

/// Stored bytes of a tensor, row padding included. None when they exceed u64.
pub fn stored_bytes(shape: &Shape, dtype: Dtype) -> Option<u64> {
    rows(shape)?.checked_mul(row_stride(row_bytes(shape, dtype)?)?)
}

/// Refuses a tensor of more stored bytes than the limit.
pub fn check_stored(shape: &Shape, dtype: Dtype) -> Result<(), Fault> {
    match stored_bytes(shape, dtype) {
        Some(bytes) if bytes <= MAX_TENSOR_BYTES => Ok(()),
        _ => Err(Fault::TensorLimit),
    }
}

/// Whether two shapes of one dtype describe the same canonical bytes: rows of equal length and
/// number, or no row padding in either and equal bytes in all.
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
