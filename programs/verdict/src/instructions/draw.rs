use anchor_lang::prelude::*;
use protocol::slot_hashes::{lookup, Lookup};
use staking::state::{Snapshot, Terms};

use crate::{
    errors::{Checked, VerdictError},
    events::{VerificationSkipped, VerifiersDrawn},
    state::{draw, Entropy, Outcome, SnapshotAge, State, Verdict},
};

pub(super) const SLOT_HASHES: Pubkey = pubkey!("SysvarS1otHashes111111111111111111111111111");

/// Anyone may crank. `even` and `odd` are staking's two snapshots: there are only two, so any two
/// different ones are both.
#[derive(Accounts)]
pub struct Draw<'info> {
    pub cranker: Signer<'info>,
    #[account(mut)]
    pub verdict: AccountLoader<'info, Verdict>,
    #[account(constraint = terms.load()?.govern(verdict.load()?.terms) @ VerdictError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    pub even: AccountLoader<'info, Snapshot>,
    #[account(constraint = even.key() != odd.key() @ VerdictError::SnapshotRepeated)]
    pub odd: AccountLoader<'info, Snapshot>,
    /// CHECK: the address is the sysvar's; too large to deserialise.
    #[account(address = SLOT_HASHES)]
    pub slot_hashes: UncheckedAccount<'info>,
}

fn age(snapshot: &Snapshot) -> SnapshotAge {
    SnapshotAge { taken_slot: snapshot.taken_slot, total: snapshot.total }
}

impl Draw<'_> {
    fn hash(&self, slot: u64) -> Result<[u8; 32]> {
        match lookup(&self.slot_hashes, slot) {
            Some(Lookup::Found { hash, .. }) => Ok(hash),
            _ => err!(VerdictError::SlotHashUnavailable),
        }
    }

    /// Returns the epoch of the snapshot used, and the seats drawn from it.
    fn seats(&self, verdict: &Verdict) -> Result<(u64, Vec<u16>)> {
        let (even, odd) = (self.even.load()?, self.odd.load()?);
        let snapshot =
            if age(&even).preferred_to(&age(&odd), verdict.committed_slot) { even } else { odd };
        let mut urn = verdict.urn(&snapshot.sums).checked()?;
        let seats = draw::seats(&verdict.seed, &mut urn, verdict.k).checked()?;
        Ok((snapshot.epoch, seats))
    }
}

pub(crate) fn handler(ctx: Context<Draw>, salt: Option<[u8; 32]>) -> Result<()> {
    let accounts = ctx.accounts;
    let terms = accounts.terms.load()?;
    let params = &terms.parameters.verdict;
    let clock = Clock::get()?;
    let mut verdict = accounts.verdict.load_mut()?;
    verdict.require(State::Committed)?;
    if let Some(salt) = salt {
        verdict.learn_salt(salt)?;
    }
    let salted = verdict.salt().is_some();
    let entropy = Entropy::due(verdict.committed_slot, salted, params.salt_slots, clock.slot)
        .ok_or(VerdictError::DrawTooEarly)?;
    verdict.seed = draw::seed(&accounts.hash(entropy.slot)?, verdict.salt(), verdict.draws);
    verdict.record_crank(accounts.cranker.key())?;

    let spared = verdict.may_skip_verification(entropy)
        && !draw::sampled(&verdict.seed, verdict.reputation(), params.p_floor_bps).checked()?;
    verdict.count_draw()?;
    let mut snapshot_epoch = 0;
    let seats = if spared {
        verdict.decide(Outcome::Unsampled, clock.slot, params.challenge_slots)?;
        vec![]
    } else {
        let (epoch, seats) = accounts.seats(&verdict)?;
        snapshot_epoch = epoch;
        verdict.begin_ballots(&seats, epoch, clock.slot, params)?;
        seats
    };
    let envelope = verdict.next_envelope(&clock)?;
    let (job, seed) = (verdict.job, verdict.seed);
    if seats.is_empty() {
        emit!(VerificationSkipped {
            envelope,
            job,
            outcome: verdict.outcome,
            seed,
            window_end: verdict.window_end,
        });
    } else {
        emit!(VerifiersDrawn {
            envelope,
            job,
            draw: verdict.draws,
            seed,
            snapshot_epoch,
            seats,
            ballot_deadline: verdict.ballot_deadline,
            reveal_deadline: verdict.reveal_deadline,
        });
    }
    Ok(())
}
