/// The reason why a descriptor or a graph is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    BadLength,
    BadVersion,
    ReservedNotZero,
    UnknownOpcode,
    BadDtype,
    BadInputCount,
    BadRounding,
    BadInputKind,
    BadRoot,
    BadValue,
    BadChannels,
    BadShape,
    BadWindow,
    TensorLimit,
    OperandLimit,
    RunLimit,
    BadMultiplyAdds,
    OperatorLimit,
    InputLimit,
    BadTopology,
    OperandMismatch,
}

/// Returns `fault` unless `rule` holds.
pub fn ensure(rule: bool, fault: Fault) -> Result<(), Fault> {
    if rule {
        Ok(())
    } else {
        Err(fault)
    }
}
