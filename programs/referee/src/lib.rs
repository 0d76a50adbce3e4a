//! Recomputes one element of one operator from staged bytes and returns the value that it must
//! have.
//!
//! A challenger names only an operator and an element. Which bytes are needed, where they lie and
//! how long their paths are follows from the registered descriptor and, for a gather, from the
//! index that is staged before its entry. An element is an index over the whole leaf space of the
//! output: byte offset / dtype size. If it is padding (of a row, of the last leaf, or a zero leaf),
//! the committed value must be 0, and no operand is staged.
//!
//! The evidence consists of these parts, in this order, with nothing left over:
//! 1. the descriptor and its path under the spec root;
//! 2. the output's leaf that holds the element, its path to the tensor's root, and that root's
//!    path in the trace of the stage that committed the operator;
//! 3. for each operand in slot order, unless the element reads nothing of it: for each range of
//!    leaves (see [`leaf_ranges`]) in ascending order the leaves, then their siblings, level by level
//!    from the leaves up, the left one before the right one; then the tensor root's path in the
//!    trace of its stage, or in the tree of job inputs. A constant's root is in the descriptor.

#![forbid(unsafe_code)]

mod staged;

use operators::{
    depth,
    descriptor::{Descriptor, Input, DESCRIPTOR_BYTES},
    integer, leaf_ranges, runs, value, Layout, Operand, OperatorError, Run, LEAF,
};
use protocol::merkle::{Digest, Tree, INPUTS, LEAF_BYTES, SPEC, TENSOR, TRACE};

use staged::Staged;

/// Operators `first..last` and the root over their outputs' roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    pub first: u16,
    pub last: u16,
    pub root: Digest,
}

/// What the chain knows of a job, and the element in dispute.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    pub spec_root: Digest,
    /// Number of operators in the graph.
    pub operators: u16,
    pub inputs_root: Digest,
    /// Number of job inputs.
    pub inputs: u8,
    /// The stages in force, which do not overlap.
    pub stages: &'a [Stage],
    pub operator: u32,
    /// Byte offset in the output's leaf space, divided by the dtype's size.
    pub element: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The value that the operator computes from the committed operands; 0 in padding.
    pub expected: i32,
    pub committed: i32,
    /// Index of the stage, among the claim's stages, that committed the element.
    pub stage: usize,
}

impl Judgement {
    pub fn is_fraud(&self) -> bool {
        self.expected != self.committed
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefereeError {
    /// The graph has no operator with that index.
    UnknownOperator,
    /// The element lies beyond the output's last leaf.
    ElementOutOfRange,
    /// No stage holds the operator, or the one whose output is an operand.
    NotCommitted,
    /// The evidence is shorter or longer than the descriptor and the element demand.
    WrongLength,
    /// The descriptor is not the graph's, or registration would not accept it.
    WrongDescriptor,
    /// The output's leaf or root differs from the one that the stage committed.
    WrongOutput,
    /// The leaves or the root of the input in this slot differ from the committed ones.
    WrongOperand(usize),
    /// The graph's own per-channel table holds a multiplier or shift out of range.
    Unprovable,
}

impl From<OperatorError> for RefereeError {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::WrongLength => Self::WrongLength,
            OperatorError::WrongDescriptor => Self::WrongDescriptor,
            OperatorError::Unprovable => Self::Unprovable,
        }
    }
}

/// Recomputes the element from the evidence, every byte of which is bound to the claim. Returns the
/// judgement, or the reason why the evidence is refused.
pub fn judge(claim: &Claim, evidence: &[u8]) -> Result<Judgement, RefereeError> {
    let mut staged = Staged::new(evidence);
    let parsed = Descriptor::parse(registered(claim, &mut staged)?);
    let descriptor = parsed.as_ref().map_err(|_| RefereeError::WrongDescriptor)?;
    let output = Layout::of(&descriptor.output_shape, descriptor.dtype_out)?;
    let offset = output.byte_offset(claim.element).ok_or(RefereeError::ElementOutOfRange)?;

    let leaf_index = offset / LEAF;
    let leaf = staged.take(LEAF_BYTES)?;
    let root = TENSOR.root(TENSOR.leaf(leaf), leaf_index, staged.path(output.depth())?);
    let (stage, genuine) = in_trace(claim, claim.operator, &root, &mut staged)?;
    ensure(genuine, RefereeError::WrongOutput)?;
    let within = (offset % LEAF) as usize;
    let committed = integer(leaf.get(within..).unwrap_or(&[]), descriptor.dtype_out)?;

    let expected = match output.place(offset) {
        Some(place) => {
            let mut operands = [const { Operand::EMPTY }; 3];
            for slot in 0..operands.len() {
                if let Some(input) = descriptor.inputs[slot] {
                    let runs = runs(descriptor, &place, slot, &operands)?;
                    operands[slot] = open(claim, descriptor, slot, input, &runs, &mut staged)?;
                }
            }
            value(descriptor, &place, &operands)?
        }
        None => 0,
    };
    staged.end()?;
    Ok(Judgement { expected, committed, stage })
}

/// Returns the bytes of the descriptor that the graph registered for the operator.
fn registered<'a>(
    claim: &Claim,
    staged: &mut Staged<'a>,
) -> Result<&'a [u8; DESCRIPTOR_BYTES], RefereeError> {
    ensure(claim.operator < u32::from(claim.operators), RefereeError::UnknownOperator)?;
    let bytes = staged.array()?;
    let path = staged.path(depth(claim.operators.into()))?;
    let root = SPEC.root(SPEC.leaf(bytes), claim.operator.into(), path);
    ensure(root == claim.spec_root, RefereeError::WrongDescriptor)?;
    Ok(bytes)
}

/// Returns the index of the stage that committed an operator, and whether this is the root of the
/// operator's output.
fn in_trace(
    claim: &Claim,
    operator: u32,
    root: &Digest,
    staged: &mut Staged,
) -> Result<(usize, bool), RefereeError> {
    let (index, stage) = claim
        .stages
        .iter()
        .enumerate()
        .find(|(_, stage)| (stage.first.into()..stage.last.into()).contains(&operator))
        .ok_or(RefereeError::NotCommitted)?;
    let leaf = operator.saturating_sub(stage.first.into());
    let leaves = stage.last.saturating_sub(stage.first);
    Ok((index, is_member(TRACE, root, leaf, leaves.into(), &stage.root, staged)?))
}

fn is_member(
    tree: Tree,
    data: &Digest,
    index: u32,
    leaves: u64,
    root: &Digest,
    staged: &mut Staged,
) -> Result<bool, RefereeError> {
    let path = staged.path(depth(leaves))?;
    Ok(tree.root(tree.leaf(data), index.into(), path) == *root)
}

fn open<'a>(
    claim: &Claim,
    descriptor: &Descriptor,
    slot: usize,
    input: Input,
    runs: &[Run],
    staged: &mut Staged<'a>,
) -> Result<Operand<'a>, RefereeError> {
    let wrong = RefereeError::WrongOperand(slot);
    let layout = Layout::of(&descriptor.input_shapes[slot], descriptor.input_dtype(slot))?;
    let ranges = leaf_ranges(runs);
    let mut operand = Operand::with_capacity(ranges.len());
    let mut root: Option<Digest> = None;
    for range in ranges {
        let (data, found) = staged.range(&range, layout.depth())?;
        ensure(*root.get_or_insert(found) == found, wrong)?;
        operand.push(range.start, data);
    }
    let Some(root) = root else {
        return Ok(operand);
    };
    let genuine = match input {
        Input::Constant(index) => descriptor.roots.get(index as usize) == Some(&root),
        Input::Job(index) => {
            ensure(index < u32::from(claim.inputs), RefereeError::WrongDescriptor)?;
            is_member(INPUTS, &root, index, claim.inputs.into(), &claim.inputs_root, staged)?
        }
        Input::Operator(index) => in_trace(claim, index, &root, staged)?.1,
    };
    ensure(genuine, wrong)?;
    Ok(operand)
}

fn ensure(rule: bool, error: RefereeError) -> Result<(), RefereeError> {
    if rule {
        Ok(())
    } else {
        Err(error)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
