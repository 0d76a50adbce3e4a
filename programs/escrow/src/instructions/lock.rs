use anchor_lang::prelude::*;
use anchor_spl::token::{Token, TokenAccount};
use protocol::{addresses::JOB_REGISTRY, seeds, token};

use crate::{
    errors::EscrowError,
    events::Locked,
    state::{is_unposted, Config, Escrow, Terms},
};

/// A buyer can lock the money of a job that it is about to post.
#[derive(Accounts)]
pub struct Lock<'info> {
    #[account(mut)]
    pub buyer: Signer<'info>,
    pub config: AccountLoader<'info, Config>,
    /// CHECK: the configuration names it
    #[account(mut, address = config.load()?.mint @ EscrowError::WrongTokenAccount)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: validate derives it
    pub job: UncheckedAccount<'info>,
    #[account(
        init,
        payer = buyer,
        space = Escrow::SPACE,
        seeds = [seeds::ESCROW, job.key.as_ref()],
        bump,
    )]
    pub escrow: AccountLoader<'info, Escrow>,
    #[account(
        init,
        payer = buyer,
        token::mint = mint,
        token::authority = escrow,
        seeds = [seeds::VAULT, job.key.as_ref()],
        bump,
    )]
    pub vault: Box<Account<'info, TokenAccount>>,
    /// CHECK: validate reads its mint and owner
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

impl Lock<'_> {
    fn validate(&self, job_id: u64, job_bump: u8, terms: &Terms) -> Result<()> {
        require!(terms.price > 0, EscrowError::ZeroPrice);
        let id = job_id.to_le_bytes();
        let seeds = [seeds::JOB, self.buyer.key.as_ref(), &id, &[job_bump]];
        let job = Pubkey::create_program_address(&seeds, &JOB_REGISTRY);
        require!(job.is_ok_and(|job| job == *self.job.key), EscrowError::WrongJob);
        require!(is_unposted(&self.job), EscrowError::JobExists);
        self.config.load()?.check_owned(&self.source, self.buyer.key)
    }

    pub fn handler(ctx: Context<Self>, job_id: u64, job_bump: u8, terms: Terms) -> Result<()> {
        let accounts = ctx.accounts;
        accounts.validate(job_id, job_bump, &terms)?;
        let clock = Clock::get()?;
        let (locked, burned, urgency) =
            terms.amounts(&accounts.config.load()?.params).ok_or(EscrowError::Overflow)?;

        let mut escrow = accounts.escrow.load_init()?;
        escrow.job = accounts.job.key();
        escrow.buyer = accounts.buyer.key();
        escrow.vault = accounts.vault.key();
        escrow.price = terms.price;
        escrow.verification = terms.verification;
        escrow.tips = terms.tips;
        escrow.urgency = urgency;
        escrow.locked_slot = clock.slot;
        escrow.bump = ctx.bumps.escrow;
        escrow.vault_bump = ctx.bumps.vault;

        let (source, buyer) = (&accounts.source, &accounts.buyer);
        let vault = accounts.vault.as_ref().as_ref();
        token::transfer(source, vault, buyer, &[], locked).ok_or(EscrowError::TokenDelta)?;
        if burned > 0 {
            token::burn(&accounts.mint, source, buyer, &[], burned)
                .ok_or(EscrowError::TokenDelta)?;
        }
        emit!(Locked {
            envelope: escrow.envelope(&clock)?,
            job: escrow.job,
            buyer: escrow.buyer,
            terms,
            burned,
            vault: locked,
        });
        Ok(())
    }
}
