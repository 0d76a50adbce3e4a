//! SHA-256 trees: a leaf is `H(data | tag)`, a node is `H(left | right | tag)`, and the leaves are
//! padded to a power of two with hashes of zero bytes.

use solana_sha256_hasher::hashv;

pub type Digest = [u8; 32];

crate::limits! {
    /// Bytes of a leaf of a tensor or spec tree.
    pub const LEAF_BYTES: usize = 256;
}

/// A kind of tree. Its tags keep a node from passing as a leaf, and one kind of tree from passing
/// as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
    leaf: &'static [u8; 4],
    node: &'static [u8; 4],
    /// Number of zero bytes in a padding leaf.
    padding: usize,
}

pub const TENSOR: Tree = Tree { leaf: b"nlT0", node: b"nlT1", padding: LEAF_BYTES };
pub const TRACE: Tree = Tree { leaf: b"nlR0", node: b"nlR1", padding: 32 };
pub const SPEC: Tree = Tree { leaf: b"nlS0", node: b"nlS1", padding: LEAF_BYTES };
pub const INPUTS: Tree = Tree { leaf: b"nlI0", node: b"nlI1", padding: 32 };

impl Tree {
    pub fn leaf(&self, data: &[u8]) -> Digest {
        hashv(&[data, self.leaf]).to_bytes()
    }

    pub fn node(&self, left: &Digest, right: &Digest) -> Digest {
        hashv(&[left, right, self.node]).to_bytes()
    }

    /// Returns the root that `leaf` at `index` has under `path`, which lists the siblings from the
    /// leaf upward.
    pub fn root(&self, leaf: Digest, index: u64, path: &[Digest]) -> Digest {
        path.iter().enumerate().fold(leaf, |digest, (level, sibling)| {
            if level < 64 && (index >> level) & 1 == 1 {
                self.node(sibling, &digest)
            } else {
                self.node(&digest, sibling)
            }
        })
    }

    /// Appends leaf number `count` to the frontier, which holds one pending left node per level.
    /// Returns None when the frontier has too few levels.
    pub fn append(&self, frontier: &mut [Digest], count: u64, leaf: Digest) -> Option<()> {
        let mut digest = leaf;
        let level = count.trailing_ones() as usize;
        for left in frontier.get(..level)? {
            digest = self.node(left, &digest);
        }
        *frontier.get_mut(level)? = digest;
        Some(())
    }

    /// Returns the root of the `count` appended leaves, padded to a power of two. Returns None when
    /// there are none, or more than the frontier holds.
    pub fn frontier_root(&self, frontier: &[Digest], count: u64) -> Option<Digest> {
        let depth = count.checked_next_power_of_two()?.trailing_zeros() as usize;
        if count.is_power_of_two() {
            return frontier.get(depth).copied();
        }
        if count == 0 {
            return None;
        }
        let mut padding = self.leaf([0; LEAF_BYTES].get(..self.padding)?);
        let mut digest: Option<Digest> = None;
        for (level, left) in frontier.get(..depth)?.iter().enumerate() {
            let pending = (count >> level) & 1 == 1;
            digest = match (pending, digest) {
                (true, right) => Some(self.node(left, &right.unwrap_or(padding))),
                (false, Some(left)) => Some(self.node(&left, &padding)),
                (false, None) => None,
            };
            padding = self.node(&padding, &padding);
        }
        digest
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn full_root(tree: Tree, leaves: &[Digest]) -> Digest {
        let mut level = leaves.to_vec();
        level.resize(leaves.len().next_power_of_two(), tree.leaf(&vec![0; tree.padding]));
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| tree.node(&pair[0], &pair[1])).collect();
        }
        level[0]
    }

    fn leaves(count: u8) -> Vec<Digest> {
        (0..count).map(|i| SPEC.leaf(&[i; LEAF_BYTES])).collect()
    }

    #[test]
    fn frontier_gives_the_padded_tree_root_at_every_count() {
        let all = leaves(130);
        let mut frontier = [[0; 32]; 9];
        for (count, leaf) in all.iter().enumerate() {
            SPEC.append(&mut frontier, count as u64, *leaf).unwrap();
            assert_eq!(
                SPEC.frontier_root(&frontier, count as u64 + 1),
                Some(full_root(SPEC, &all[..=count])),
            );
        }
    }

    #[test]
    fn frontier_of_nine_levels_holds_256_leaves() {
        let mut frontier = [[0; 32]; 9];
        for count in 0..256 {
            SPEC.append(&mut frontier, count, [1; 32]).unwrap();
        }
        assert_eq!(SPEC.frontier_root(&frontier, 256), Some(full_root(SPEC, &[[1; 32]; 256])));
        assert_eq!(SPEC.frontier_root(&frontier, 512), None);
        assert_eq!(SPEC.frontier_root(&frontier, 0), None);
        assert_eq!(SPEC.append(&mut frontier, 511, [1; 32]), None);
    }

    #[test]
    fn trees_have_the_recorded_roots() {
        for recorded in crate::recorded::vectors()["trees"].as_array().unwrap() {
            let tree = match recorded["kind"].as_str().unwrap() {
                "trace" => TRACE,
                "inputs" => INPUTS,
                // only a number of leaves is given; the descriptors' tests build whole spec trees
                "spec" => continue,
                kind => panic!("{kind}"),
            };
            let mut frontier = [[0; 32]; 9];
            let leaves = recorded["roots"].as_array().unwrap();
            for (count, data) in leaves.iter().enumerate() {
                let leaf = tree.leaf(&crate::recorded::bytes(data));
                tree.append(&mut frontier, count as u64, leaf).unwrap();
            }
            let root = tree.frontier_root(&frontier, leaves.len() as u64).unwrap();
            assert_eq!(root.to_vec(), crate::recorded::bytes(&recorded["root"]));
        }
    }

    #[test]
    fn openings_lead_to_the_recorded_roots() {
        let vectors = crate::recorded::vectors();
        for opening in vectors["openings"].as_array().unwrap() {
            let tensor = &vectors["tensors"][opening["tensor"].as_u64().unwrap() as usize];
            let path: Vec<Digest> = opening["path"]
                .as_array()
                .unwrap()
                .iter()
                .map(|digest| crate::recorded::bytes(digest).try_into().unwrap())
                .collect();
            let leaf = TENSOR.leaf(&crate::recorded::bytes(&opening["data"]));
            let root = TENSOR.root(leaf, opening["leaf"].as_u64().unwrap(), &path);
            assert_eq!(root.to_vec(), crate::recorded::bytes(&tensor["root"]));
        }
    }

    #[test]
    fn path_leads_to_the_root_only_at_its_index() {
        let all = leaves(4);
        let path = [all[3], TENSOR.node(&all[0], &all[1])];
        assert_eq!(TENSOR.root(all[2], 2, &path), full_root(TENSOR, &all));
        assert_ne!(TENSOR.root(all[2], 1, &path), full_root(TENSOR, &all));
        assert_ne!(TRACE.root(all[2], 2, &path), full_root(TENSOR, &all));
    }
}
