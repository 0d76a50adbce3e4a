/// Why an element cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorError {
    /// The bytes that the element depends on are not all there.
    WrongLength,
    /// The descriptor is not one that registration accepts.
    WrongDescriptor,
    /// The graph's own per-channel table holds a multiplier or shift out of range.
    Unprovable,
}
