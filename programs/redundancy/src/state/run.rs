// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

protocol::codes! {
    /// Values of `Run.state`.
    pub enum RunState {
        /// The provider has joined and must run the task.
        Joined = 0,
        /// The provider has committed to its output.
        Committed = 1,
        /// The root of the output is known.
        Revealed = 2,
        /// The provider did not commit or reveal in time and lost its bond.
        Silent = 3,
    }
}

/// One provider's execution of a task.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub provider: Pubkey,
    /// Commitment as computed by [`commitment`]; zero until committed.
    pub commitment: [u8; 32],
    /// Tensor root of the output's bytes as a single row; zero until revealed.
    pub root: [u8; 32],
    pub joined_slot: u64,
    /// Base units that the provider loses when it stays silent.
    pub bond: u64,
    pub state: u8,
    /// Round in which the provider joined, from 1.
    pub round: u8,
    /// Bit i tells whether the provider says that run i's output agrees with its own.
    pub agrees: u8,
    /// Latest round in which the provider compared; 0 for none.
    pub compared: u8,
    /// 1 once the bond is released.
    pub released: u8,
    /// 1 once the provider has committed, even if it is silent afterwards.
    pub committed: u8,
    pub padding: [u8; 2],
}

impl Run {
    pub fn is(&self, state: RunState) -> bool {
        self.state == state as u8
    }
}

/// Returns what a provider commits to: SHA256(root | salt | provider | task). The provider's key
/// and the task are part of it, so a copy of somebody else's commitment can never be opened.
pub fn commitment(root: &[u8; 32], salt: &[u8; 32], provider: &Pubkey, task: &Pubkey) -> [u8; 32] {
    hashv(&[root, salt, provider.as_ref(), task.as_ref()]).to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_one_providers_for_one_task() {
        let [a, b] = [[1; 32], [2; 32]];
        let [alice, bob] = [a, b].map(Pubkey::new_from_array);
        let mine = commitment(&a, &b, &alice, &bob);
        assert_ne!(mine, commitment(&b, &b, &alice, &bob));
        assert_ne!(mine, commitment(&a, &a, &alice, &bob));
        assert_ne!(mine, commitment(&a, &b, &bob, &bob));
        assert_ne!(mine, commitment(&a, &b, &alice, &alice));
    }

    #[test]
    fn size_is_frozen() {
        assert_eq!(std::mem::size_of::<Run>(), 120);
    }
}
