use crate::{descriptor::Shape, error::OperatorError};

/// The row of an element, which is an index over the first three axes, and its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub row: u64,
    pub column: u64,
}

/// Returns the index of an element along each axis of a tensor of this shape.
pub fn indices_of(shape: &Shape, place: &Place) -> Result<[u64; 4], OperatorError> {
    let [_, height, width, _] = shape.map(u64::from);
    let split = || {
        let above = place.row.checked_div(width)?;
        let image = above.checked_div(height)?;
        Some([image, above.checked_rem(height)?, place.row.checked_rem(width)?, place.column])
    };
    split().ok_or(OperatorError::WrongDescriptor)
}

pub fn place_of(shape: &Shape, [n, h, w, column]: [u64; 4]) -> Place {
    let [_, height, width, _] = shape.map(u64::from);
    // a tensor has at most 2^30 stored bytes
    let above = n.saturating_mul(height).saturating_add(h);
    Place { row: above.saturating_mul(width).saturating_add(w), column }
}

/// Returns whether a tensor of shape `from` can be repeated along its axes of 1 to have `shape`.
pub fn repeats(from: &Shape, shape: &Shape) -> bool {
    from.iter().zip(shape).all(|(size, axis)| size == axis || *size == 1)
}

/// Returns the place that an element of a tensor of `shape` reads in one of shape `from`, which is
/// repeated along its axes of 1.
pub fn broadcast(shape: &Shape, from: &Shape, place: &Place) -> Result<Place, OperatorError> {
    if shape == from {
        return Ok(*place);
    }
    let mut indices = indices_of(shape, place)?;
    for (index, size) in indices.iter_mut().zip(from) {
        if *size == 1 {
            *index = 0;
        }
    }
    Ok(place_of(from, indices))
}
