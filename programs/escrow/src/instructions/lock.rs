use anchor_lang::prelude::*;
use anchor_spl::token::Token;
use protocol::{creation, seeds, token};
use staking::state::Terms;

use crate::{
    errors::EscrowError,
    events::Locked,
    state::{is_unposted, judge_of, Config, Deposit, Escrow, Judge},
};

/// A buyer can lock the money of a job or task that it is about to post.
#[derive(Accounts)]
pub struct Lock<'info> {
    #[account(mut)]
    pub buyer: Signer<'info>,
    pub config: AccountLoader<'info, Config>,
    #[account(constraint = terms.load()?.is_current() @ EscrowError::WrongTerms)]
    pub terms: AccountLoader<'info, Terms>,
    /// CHECK: the configuration names it
    #[account(mut, address = config.load()?.mint @ EscrowError::WrongTokenAccount)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: validate derives it
    pub job: UncheckedAccount<'info>,
    /// CHECK: the handler creates it; the seeds are stated only for the IDL
    #[cfg_attr(feature = "idl-build", account(mut, seeds = [seeds::ESCROW, job.key.as_ref()], bump))]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub escrow: UncheckedAccount<'info>,
    /// CHECK: the handler creates it; the seeds are stated only for the IDL
    #[cfg_attr(feature = "idl-build", account(mut, seeds = [seeds::VAULT, job.key.as_ref()], bump))]
    #[cfg_attr(not(feature = "idl-build"), account(mut))]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: validate reads its mint and owner
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

impl Lock<'_> {
    /// Creates the escrow and the vault and returns their bumps.
    fn create(&self) -> Result<(u8, u8)> {
        let job = self.job.key.as_ref();
        let bump_of = |address: &Pubkey, seed: &[u8]| {
            creation::canonical_bump(address, &[seed, job], &crate::ID)
                .ok_or(ErrorCode::ConstraintSeeds)
        };
        let bump = bump_of(self.escrow.key, seeds::ESCROW)?;
        let vault_bump = bump_of(self.vault.key, seeds::VAULT)?;
        let escrow_seeds: [&[u8]; 3] = [seeds::ESCROW, job, &[bump]];
        creation::create(&self.buyer, &self.escrow, &crate::ID, Escrow::SPACE, &escrow_seeds)?;
        let vault_seeds: [&[u8]; 3] = [seeds::VAULT, job, &[vault_bump]];
        token::create(&self.buyer, &self.vault, &self.mint, &self.escrow, &vault_seeds)?;
        Ok((bump, vault_bump))
    }

    /// Returns the judge of the job or task that will be posted.
    fn validate(&self, job_id: u64, job_bump: u8, deposit: &Deposit) -> Result<Judge> {
        require!(deposit.price > 0, EscrowError::ZeroPrice);
        let judge = judge_of(self.job.key, self.buyer.key, job_id, job_bump)
            .ok_or(EscrowError::WrongJob)?;
        require!(is_unposted(&self.job), EscrowError::JobExists);
        self.config.load()?.check_owned(&self.source, self.buyer.key)?;
        Ok(judge)
    }

    pub fn handler(ctx: Context<Self>, job_id: u64, job_bump: u8, deposit: Deposit) -> Result<()> {
        let accounts = ctx.accounts;
        let judge = accounts.validate(job_id, job_bump, &deposit)?;
        let clock = Clock::get()?;
        let (version, amounts) = {
            let terms = accounts.terms.load()?;
            (terms.version, deposit.amounts(&terms.parameters.escrow))
        };
        let (locked, burned, urgency) = amounts.ok_or(EscrowError::Overflow)?;

        let (bump, vault_bump) = accounts.create()?;
        let mut data = accounts.escrow.try_borrow_mut_data()?;
        let escrow = Escrow::initialised(&mut data).ok_or(EscrowError::Overflow)?;
        escrow.job = accounts.job.key();
        escrow.buyer = accounts.buyer.key();
        escrow.vault = accounts.vault.key();
        escrow.price = deposit.price;
        escrow.verification = deposit.verification;
        escrow.tips = deposit.tips;
        escrow.urgency = urgency;
        escrow.terms = version;
        escrow.locked_slot = clock.slot;
        escrow.judge = judge as u8;
        escrow.bump = bump;
        escrow.vault_bump = vault_bump;

        let (source, buyer) = (&accounts.source, &accounts.buyer);
        token::transfer(source, &accounts.vault, buyer, &[], locked)
            .ok_or(EscrowError::TokenDelta)?;
        if burned > 0 {
            token::burn(&accounts.mint, source, buyer, &[], burned)
                .ok_or(EscrowError::TokenDelta)?;
        }
        emit!(Locked {
            envelope: escrow.envelope(&clock)?,
            job: escrow.job,
            buyer: escrow.buyer,
            deposit,
            terms: version,
            burned,
            vault: locked,
        });
        Ok(())
    }
}
