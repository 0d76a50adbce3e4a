// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use solana_sha256_hasher::hashv;

protocol::codes! {
    /// Values of `Run.state`.
    pub enum RunState {
        /// Its provider is to run the task.
        Joined = 0,
        /// A commitment to the output is recorded.
        Committed = 1,
        /// The root of the output is known.
        Revealed = 2,
        /// Did not commit or reveal in time: the bond is gone.
        Silent = 3,
    }
}

/// One provider's execution of a task.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub provider: Pubkey,
    /// As [`commitment`] gives it; zero until committed.
    pub commitment: [u8; 32],
    /// Tensor root of the output's bytes as one row; zero until revealed.
    pub root: [u8; 32],
    pub joined_slot: u64,
    /// Base units that silence costs.
    pub bond: u64,
    pub state: u8,
    /// Round it joined in, from 1.
    pub round: u8,
    /// Bit i: its provider says that run i's output agrees with its own.
    pub agrees: u8,
    /// Latest round in which its provider compared; 0 for none.
    pub compared: u8,
    /// 1 once the bond is released.
    pub released: u8,
    pub padding: [u8; 3],
}

impl Run {
    pub fn is(&self, state: RunState) -> bool {
        self.state == state as u8
    }
}

/// What a provider commits to: SHA256(root | salt | provider | task). Its own key and the task are
/// part of it, so that a copy of somebody else's commitment can never be opened.
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
