use crate::{
    descriptor::{row_stride, stored_bytes, Dtype, Shape},
    error::OperatorError,
    place::Place,
    run::{Run, LEAF},
};

/// Length of every path in a tree of so many leaves, padded to a power of two.
pub fn depth(leaves: u64) -> usize {
    leaves.next_power_of_two().trailing_zeros() as usize
}

/// The element at the start of some bytes; `WrongLength` where they are fewer than it has.
pub fn integer(bytes: &[u8], dtype: Dtype) -> Result<i32, OperatorError> {
    let value = match dtype {
        Dtype::Int8 => bytes.first().map(|byte| i32::from(byte.cast_signed())),
        Dtype::Int32 => bytes.first_chunk().map(|bytes| i32::from_le_bytes(*bytes)),
    };
    value.ok_or(OperatorError::WrongLength)
}

/// Where a tensor's elements lie in its canonical bytes.
pub struct Layout {
    pub dtype: Dtype,
    /// Elements of a row.
    pub columns: u64,
    /// Bytes from a row to the next.
    pub stride: u64,
    stored: u64,
}

impl Layout {
    /// `WrongDescriptor` where the tensor has more bytes than u64 counts.
    pub fn of(shape: &Shape, dtype: Dtype) -> Result<Self, OperatorError> {
        let columns = u64::from(shape[3]);
        let layout = || {
            let stride = row_stride(columns.checked_mul(dtype.bytes())?)?;
            Some(Self { dtype, columns, stride, stored: stored_bytes(shape, dtype)? })
        };
        layout().ok_or(OperatorError::WrongDescriptor)
    }

    pub fn depth(&self) -> usize {
        depth(self.stored.div_ceil(LEAF))
    }

    /// Offset of an element of the leaf space; None beyond its end.
    pub fn byte_offset(&self, element: u32) -> Option<u64> {
        let offset = u64::from(element).saturating_mul(self.dtype.bytes());
        let space = LEAF << self.depth();
        (offset < space).then_some(offset)
    }

    /// The element at an offset; None where there is padding.
    pub fn place(&self, offset: u64) -> Option<Place> {
        let row = offset.checked_div(self.stride)?;
        let column = offset.checked_rem(self.stride)?.checked_div(self.dtype.bytes())?;
        (offset < self.stored && column < self.columns).then_some(Place { row, column })
    }

    /// Whole rows, their padding included.
    pub fn rows(&self, row: u64, count: u64) -> Run {
        // 2^30 stored bytes at most
        let start = row.saturating_mul(self.stride);
        Run { start, bytes: count.saturating_mul(self.stride) }
    }

    /// Elements side by side in one row.
    pub fn elements(&self, place: Place, count: u64) -> Run {
        let size = self.dtype.bytes();
        let start = self.rows(place.row, 0).start.saturating_add(place.column.saturating_mul(size));
        Run { start, bytes: count.saturating_mul(size) }
    }
}
