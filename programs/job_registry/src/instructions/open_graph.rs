use anchor_lang::prelude::*;
use protocol::seeds;

use crate::{
    events::{envelope, GraphOpened},
    state::Graph,
};

#[derive(Accounts)]
#[instruction(spec_root: [u8; 32])]
pub struct OpenGraph<'info> {
    #[account(mut)]
    pub author: Signer<'info>,
    #[account(
        init,
        payer = author,
        space = Graph::SPACE,
        seeds = [seeds::GRAPH, author.key().as_ref(), &spec_root],
        bump,
    )]
    pub graph: AccountLoader<'info, Graph>,
    pub system_program: Program<'info, System>,
}

pub(crate) fn handler(ctx: Context<OpenGraph>, spec_root: [u8; 32], operators: u16) -> Result<()> {
    let author = ctx.accounts.author.key();
    let mut graph = ctx.accounts.graph.load_init()?;
    graph.open(author, spec_root, operators)?;
    graph.bump = ctx.bumps.graph;
    emit!(GraphOpened {
        envelope: envelope(&mut graph.sequence, &Clock::get()?)?,
        graph: ctx.accounts.graph.key(),
        author,
        spec_root,
        operators,
    });
    Ok(())
}
