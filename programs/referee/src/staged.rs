use std::ops::Range;

use protocol::merkle::{Digest, LEAF_BYTES, TENSOR};

use crate::{ensure, RefereeError};

/// Reads the evidence from front to back.
pub struct Staged<'a> {
    rest: &'a [u8],
}

impl<'a> Staged<'a> {
    pub fn new(evidence: &'a [u8]) -> Self {
        Self { rest: evidence }
    }

    pub fn take(&mut self, bytes: usize) -> Result<&'a [u8], RefereeError> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(RefereeError::WrongLength)?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], RefereeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(RefereeError::WrongLength)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Returns the siblings of a path, from the leaf upward.
    pub fn path(&mut self, depth: usize) -> Result<&'a [Digest], RefereeError> {
        Ok(self.take(depth.saturating_mul(size_of::<Digest>()))?.as_chunks().0)
    }

    /// Returns the leaves of a tensor, at least one, and the root that they have under the siblings
    /// that follow them.
    pub fn range(
        &mut self,
        leaves: &Range<u64>,
        depth: usize,
    ) -> Result<(&'a [u8], Digest), RefereeError> {
        let count = leaves.end.saturating_sub(leaves.start) as usize;
        let data = self.take(count.saturating_mul(LEAF_BYTES))?;
        let mut nodes: Vec<Digest> =
            data.as_chunks::<LEAF_BYTES>().0.iter().map(|leaf| TENSOR.leaf(leaf)).collect();
        let (mut first, mut last) = (leaves.start, leaves.end.saturating_sub(1));
        for _ in 0..depth {
            let left: Option<&Digest> = (first % 2 == 1).then(|| self.array()).transpose()?;
            let right: Option<&Digest> = (last % 2 == 0).then(|| self.array()).transpose()?;
            climb(&mut nodes, left, right);
            first /= 2;
            last /= 2;
        }
        match nodes[..] {
            [root] => Ok((data, root)),
            _ => Err(RefereeError::WrongLength),
        }
    }

    pub fn end(self) -> Result<(), RefereeError> {
        ensure(self.rest.is_empty(), RefereeError::WrongLength)
    }
}

/// Replaces adjacent nodes by their parents. It works in place, because a program's heap frees
/// nothing.
fn climb(nodes: &mut Vec<Digest>, left: Option<&Digest>, right: Option<&Digest>) {
    let mut parents = 0usize;
    let mut read = 0usize;
    if let (Some(left), Some(node)) = (left, nodes.first_mut()) {
        *node = TENSOR.node(left, node);
        parents = 1;
        read = 1;
    }
    while let Some([node, rest @ ..]) = nodes.get(read..) {
        let Some(sibling) = rest.first().or(right) else { break };
        let parent = TENSOR.node(node, sibling);
        if let Some(node) = nodes.get_mut(parents) {
            *node = parent;
        }
        parents = parents.saturating_add(1);
        read = read.saturating_add(2);
    }
    nodes.truncate(parents);
}
