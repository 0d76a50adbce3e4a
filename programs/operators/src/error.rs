/// Why an element cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorError {
    /// Some of the bytes that the element depends on are missing.
    WrongLength,
    /// Registration would not accept the descriptor.
    WrongDescriptor,
    /// The graph's own per-channel table holds a multiplier or shift out of range.
    Unprovable,
}
