use crate::{
    descriptor::{row_stride, stored_bytes, Dtype, Shape},
    error::OperatorError,
    place::Place,
    run::{Run, LEAF},
};

/// Returns the length of every path in a tree of this many leaves, padded to a power of two.
pub fn depth(leaves: u64) -> usize {
    leaves.next_power_of_two().trailing_zeros() as usize
}

/// Returns the element at the start of these bytes, or `WrongLength` when they are too few.
pub fn integer(bytes: &[u8], dtype: Dtype) -> Result<i32, OperatorError> {
    let value = match dtype {
        Dtype::Int8 => bytes.first().map(|byte| i32::from(byte.cast_signed())),
        Dtype::Int32 => bytes.first_chunk().map(|bytes| i32::from_le_bytes(*bytes)),
    };
    value.ok_or(OperatorError::WrongLength)
}

/// The location of a tensor's elements in its canonical bytes.
pub struct Layout {
    pub dtype: Dtype,
    /// Number of elements per row.
    pub columns: u64,
    /// Bytes from one row to the next.
    pub stride: u64,
    stored: u64,
}

impl Layout {
    /// Returns the layout, or `WrongDescriptor` when the tensor has more bytes than u64 can count.
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

    /// Returns the byte offset of an element of the leaf space, or None beyond its end.
    pub fn byte_offset(&self, element: u32) -> Option<u64> {
        let offset = u64::from(element).saturating_mul(self.dtype.bytes());
        let space = LEAF << self.depth();
        (offset < space).then_some(offset)
    }

    /// Returns the place of the element at an offset, or None in padding.
    pub fn place(&self, offset: u64) -> Option<Place> {
        let row = offset.checked_div(self.stride)?;
        let column = offset.checked_rem(self.stride)?.checked_div(self.dtype.bytes())?;
        (offset < self.stored && column < self.columns).then_some(Place { row, column })
    }

    /// Returns the run of whole rows, including their padding.
    pub fn rows(&self, row: u64, count: u64) -> Run {
        // a tensor has at most 2^30 stored bytes
        let start = row.saturating_mul(self.stride);
        Run { start, bytes: count.saturating_mul(self.stride) }
    }

    /// Returns the run of adjacent elements in one row.
    pub fn elements(&self, place: Place, count: u64) -> Run {
        let size = self.dtype.bytes();
        let start = self.rows(place.row, 0).start.saturating_add(place.column.saturating_mul(size));
        Run { start, bytes: count.saturating_mul(size) }
    }
}
