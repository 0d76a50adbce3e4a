// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::{prelude::*, Discriminator};
use protocol::{
    addresses::{JOB_REGISTRY, REDUNDANCY, REDUNDANCY_CPI, VERDICT_CPI},
    creation, fixed, seeds, token, Envelope,
};
use staking::state::EscrowParams;

use crate::errors::EscrowError;

protocol::limits! {
    /// Maximum number of credits of one escrow.
    pub const MAX_CREDITS: usize = 24;
}

protocol::codes! {
    /// Values of `Escrow.state`.
    pub enum EscrowState {
        /// Only the judge can settle it or, for a job, the registry can refund it.
        Locked = 0,
        /// No further credits will be added.
        Final = 1,
    }

    /// Values of `Escrow.judge`: the program that settles the escrow.
    pub enum Judge {
        /// A job of the registry: verdict settles it and the registry refunds it.
        Verdict = 0,
        /// A task of redundancy, which settles it.
        Redundancy = 1,
    }
}

/// What a buyer locks.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// Base units of $NLOV for the work: of the whole job, or of all runs of a task.
    pub price: u64,
    /// Base units of $NLOV for the verification fees of all draws; 0 for a task.
    pub verification: u64,
    /// Base units of $NLOV for the tips of all paid crank steps.
    pub tips: u64,
    /// Base units of $NLOV of the premium, of which a share is burned at once.
    pub urgency: u64,
}

impl Deposit {
    /// Returns the amount locked in the vault, the amount burned and the urgency premium net of its
    /// burn.
    pub fn amounts(&self, params: &EscrowParams) -> Option<(u64, u64, u64)> {
        let urgency_burned =
            fixed::mul_div_ceil(self.urgency, params.urgency_burn_bps, fixed::BPS)?;
        let urgency = self.urgency.checked_sub(urgency_burned)?;
        let locked = self
            .price
            .checked_add(self.verification)?
            .checked_add(self.tips)?
            .checked_add(urgency)?;
        Some((locked, params.posting_fee.checked_add(urgency_burned)?, urgency))
    }
}

/// An amount to credit.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Party that is owed the amount.
    pub party: Pubkey,
    /// Base units of $NLOV.
    pub amount: u64,
}

/// An amount credited to a party, which withdraws it with an instruction of its own.
#[zero_copy]
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CreditEntry {
    pub party: Pubkey,
    pub amount: u64,
    pub paid: u8,
    pub padding: [u8; 7],
}

/// One job's money, at `["escrow", job]`. It is the authority of the job's vault.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Escrow {
    pub job: Pubkey,
    pub buyer: Pubkey,
    pub vault: Pubkey,
    pub price: u64,
    pub verification: u64,
    pub tips: u64,
    /// Urgency premium in base units, net of its burned share.
    pub urgency: u64,
    pub credited: u64,
    pub paid: u64,
    /// All fees charged so far, in base units.
    pub fee: u64,
    /// Fees charged but not collected yet, in base units.
    pub fee_due: u64,
    /// Part of the locked amount that was burned, in base units.
    pub burned: u64,
    pub locked_slot: u64,
    pub sequence: u64,
    pub state: u8,
    pub credit_count: u8,
    pub bump: u8,
    pub vault_bump: u8,
    /// A code of `Judge`: the program that decides who is paid.
    pub judge: u8,
    pub padding: u8,
    /// Version of the terms under which the amount was locked.
    pub terms: u16,
    pub credits: [CreditEntry; MAX_CREDITS],
}

impl Escrow {
    /// Bytes of the account.
    pub const SPACE: usize = 8 + std::mem::size_of::<Self>();

    pub fn is(&self, state: EscrowState) -> bool {
        self.state == state as u8
    }

    /// Initialises an escrow in a new account's zero bytes. Returns None when their length is
    /// wrong.
    pub fn initialised(data: &mut [u8]) -> Option<&mut Self> {
        let (discriminator, fields) = data.split_at_mut_checked(Self::DISCRIMINATOR.len())?;
        discriminator.copy_from_slice(Self::DISCRIMINATOR);
        bytemuck::try_from_bytes_mut(fields).ok()
    }

    pub fn envelope(&mut self, clock: &Clock) -> Result<Envelope> {
        Ok(Envelope::next(&mut self.sequence, clock).ok_or(EscrowError::Overflow)?)
    }

    /// Returns whether `authority` is the signer of the program that decides who is paid.
    pub fn is_judge(&self, authority: &Pubkey) -> bool {
        *authority
            == match Judge::from_code(self.judge) {
                Some(Judge::Redundancy) => REDUNDANCY_CPI,
                _ => VERDICT_CPI,
            }
    }

    pub fn locked(&self) -> Option<u64> {
        self.price.checked_add(self.verification)?.checked_add(self.tips)?.checked_add(self.urgency)
    }

    /// Returns the credits and fees that are still in the vault, in base units.
    pub fn outstanding(&self) -> Option<u64> {
        self.credited.checked_sub(self.paid)?.checked_add(self.fee_due)
    }

    /// Adds a credit to its party's entry.
    pub fn credit(&mut self, credit: &Credit) -> Result<()> {
        if credit.amount == 0 {
            return Ok(());
        }
        let count = usize::from(self.credit_count);
        let open = self
            .credits
            .iter()
            .take(count)
            .position(|entry| entry.party == credit.party && entry.paid == 0);
        if open.is_none() {
            self.credit_count =
                self.credit_count.checked_add(1).ok_or(EscrowError::TooManyCredits)?;
        }
        let entry =
            self.credits.get_mut(open.unwrap_or(count)).ok_or(EscrowError::TooManyCredits)?;
        entry.party = credit.party;
        entry.amount = entry.amount.checked_add(credit.amount).ok_or(EscrowError::Overflow)?;
        self.credited = self.credited.checked_add(credit.amount).ok_or(EscrowError::Overflow)?;
        Ok(())
    }

    pub fn charge(&mut self, fee: u64) -> Option<()> {
        self.fee = self.fee.checked_add(fee)?;
        self.fee_due = self.fee_due.checked_add(fee)?;
        Some(())
    }

    /// Counts an amount as burned.
    pub fn burn(&mut self, amount: u64) -> Option<()> {
        self.burned = self.burned.checked_add(amount)?;
        Some(())
    }

    /// Fails when credits, fees and the burned amount exceed the amount that the buyer locked plus
    /// `extra`.
    pub fn check_covered(&self, extra: u64) -> Result<()> {
        let due = self
            .credited
            .checked_add(self.fee)
            .and_then(|due| due.checked_add(self.burned))
            .ok_or(EscrowError::Overflow)?;
        let locked = self
            .locked()
            .and_then(|locked| locked.checked_add(extra))
            .ok_or(EscrowError::Overflow)?;
        require_gte!(locked, due, EscrowError::ExceedsLocked);
        Ok(())
    }

    /// Marks a credit paid and returns its party and amount.
    pub fn pay(&mut self, index: u8) -> Result<Credit> {
        require!(index < self.credit_count, EscrowError::UnknownCredit);
        let entry = self.credits.get_mut(usize::from(index)).ok_or(EscrowError::UnknownCredit)?;
        require!(entry.paid == 0, EscrowError::AlreadyPaid);
        entry.paid = 1;
        let credit = Credit { party: entry.party, amount: entry.amount };
        self.paid = self.paid.checked_add(credit.amount).ok_or(EscrowError::Overflow)?;
        Ok(credit)
    }
}

/// Runs `call` with the seeds that sign for the escrow's vault.
pub fn signed_by_escrow<T>(job: &Pubkey, bump: u8, call: impl FnOnce(&[&[&[u8]]]) -> T) -> T {
    call(&[&[seeds::ESCROW, job.as_ref(), &[bump]]])
}

/// Returns the balance of a vault in base units.
pub fn balance(vault: &AccountInfo) -> Result<u64> {
    Ok(token::holding(vault).ok_or(EscrowError::WrongVault)?.amount)
}

/// Refuses a destination that is not `owner`'s token account of the vault's mint.
pub fn check_destination(
    destination: &AccountInfo,
    vault: &AccountInfo,
    owner: &Pubkey,
) -> Result<()> {
    let mint = token::holding(vault).ok_or(EscrowError::WrongVault)?.mint;
    let holding = token::holding(destination)
        .filter(|holding| holding.mint == mint)
        .ok_or(EscrowError::WrongTokenAccount)?;
    require_keys_eq!(holding.owner, *owner, EscrowError::WrongOwner);
    Ok(())
}

/// Returns the judge of the work that a buyer posts at this address: a job of the registry or a
/// task of redundancy. Returns None for any other address.
pub fn judge_of(address: &Pubkey, buyer: &Pubkey, id: u64, bump: u8) -> Option<Judge> {
    let id = id.to_le_bytes();
    [(seeds::JOB, JOB_REGISTRY, Judge::Verdict), (seeds::TASK, REDUNDANCY, Judge::Redundancy)]
        .into_iter()
        .find(|(seed, program, _)| {
            creation::derive(&[seed, buyer.as_ref(), &id], bump, program) == Some(*address)
        })
        .map(|(_, _, judge)| judge)
}

/// Returns whether the job has not been posted, so that nothing is stored at its address.
pub fn is_unposted(job: &AccountInfo) -> bool {
    *job.owner == System::id() && job.data_is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escrow() -> Box<Escrow> {
        let mut escrow: Box<Escrow> = Box::new(bytemuck::Zeroable::zeroed());
        (escrow.price, escrow.verification, escrow.tips, escrow.urgency) = (100, 30, 8, 5);
        escrow
    }

    fn credit(party: u8, amount: u64) -> Credit {
        Credit { party: Pubkey::new_from_array([party; 32]), amount }
    }

    #[test]
    fn one_party_has_one_open_entry() {
        let mut escrow = escrow();
        escrow.credit(&credit(1, 5)).unwrap();
        escrow.credit(&credit(2, 7)).unwrap();
        escrow.credit(&credit(1, 6)).unwrap();
        escrow.credit(&credit(3, 0)).unwrap();
        assert_eq!((escrow.credit_count, escrow.credited), (2, 18));
        assert_eq!(escrow.pay(0).unwrap(), credit(1, 11));
        escrow.credit(&credit(1, 1)).unwrap();
        assert_eq!((escrow.credit_count, escrow.outstanding()), (3, Some(8)));
    }

    #[test]
    fn pays_each_credit_once() {
        let mut escrow = escrow();
        escrow.credit(&credit(1, 5)).unwrap();
        assert!(escrow.pay(1).is_err());
        escrow.pay(0).unwrap();
        assert!(escrow.pay(0).is_err());
        assert_eq!(escrow.outstanding(), Some(0));
    }

    #[test]
    fn never_owes_more_than_is_locked() {
        let mut escrow = escrow();
        escrow.credit(&credit(1, 140)).unwrap();
        escrow.charge(3).unwrap();
        escrow.check_covered(0).unwrap();
        escrow.charge(1).unwrap();
        assert!(escrow.check_covered(0).is_err());
        escrow.check_covered(1).unwrap();
    }

    #[test]
    fn the_burned_amount_is_no_longer_owed_to_anybody() {
        let mut escrow = escrow();
        escrow.burn(40).unwrap();
        escrow.burn(2).unwrap();
        escrow.credit(&credit(1, 100)).unwrap();
        escrow.charge(1).unwrap();
        escrow.check_covered(0).unwrap();
        assert_eq!((escrow.burned, escrow.outstanding()), (42, Some(101)));
        escrow.burn(1).unwrap();
        assert_eq!(escrow.check_covered(0), Err(EscrowError::ExceedsLocked.into()));
        assert_eq!(escrow.burn(u64::MAX), None);
    }

    #[test]
    fn credits_are_limited() {
        let mut escrow = escrow();
        for party in 0..MAX_CREDITS as u8 {
            escrow.credit(&credit(party, 1)).unwrap();
        }
        assert!(escrow.credit(&credit(99, 1)).is_err());
    }

    #[test]
    fn urgency_burns_its_share_rounded_up() {
        let params =
            EscrowParams { posting_fee: 10, urgency_burn_bps: 5_000, ..EscrowParams::default() };
        let deposit = Deposit { price: 100, verification: 30, tips: 8, urgency: 7 };
        assert_eq!(deposit.amounts(&params), Some((141, 14, 3)));
        assert_eq!(Deposit { price: u64::MAX, ..deposit }.amounts(&params), None);
    }

    #[test]
    fn the_address_says_who_judges() {
        let buyer = Pubkey::new_from_array([7; 32]);
        for (seed, program, judge) in [
            (seeds::JOB, JOB_REGISTRY, Judge::Verdict),
            (seeds::TASK, REDUNDANCY, Judge::Redundancy),
        ] {
            let seeds: [&[u8]; 3] = [seed, buyer.as_ref(), &5u64.to_le_bytes()];
            let (address, bump) = Pubkey::find_program_address(&seeds, &program);
            assert_eq!(judge_of(&address, &buyer, 5, bump), Some(judge));
            assert_eq!(judge_of(&address, &buyer, 6, bump), None);
            assert_eq!(judge_of(&address, &program, 5, bump), None);
        }
    }

    #[test]
    fn one_program_settles() {
        let mut escrow = escrow();
        assert!(escrow.is_judge(&VERDICT_CPI) && !escrow.is_judge(&REDUNDANCY_CPI));
        escrow.judge = Judge::Redundancy as u8;
        assert!(escrow.is_judge(&REDUNDANCY_CPI) && !escrow.is_judge(&VERDICT_CPI));
    }

    #[test]
    fn sizes_are_frozen() {
        assert_eq!(std::mem::size_of::<CreditEntry>(), 48);
        assert_eq!(Escrow::SPACE, 8 + 96 + 88 + 8 + 48 * MAX_CREDITS);
    }
}
