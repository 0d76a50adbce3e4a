use anchor_lang::prelude::*;
use operators::descriptor::DESCRIPTOR_BYTES;

use crate::{
    errors::RegistryError,
    events::{envelope, OperatorsAppended},
    state::Graph,
};

#[derive(Accounts)]
pub struct AppendOperators<'info> {
    pub author: Signer<'info>,
    #[account(mut, has_one = author @ RegistryError::Unauthorized)]
    pub graph: AccountLoader<'info, Graph>,
}

pub(crate) fn handler(ctx: Context<AppendOperators>, data: Vec<u8>) -> Result<()> {
    let (descriptors, rest) = data.as_chunks::<DESCRIPTOR_BYTES>();
    require!(!descriptors.is_empty() && rest.is_empty(), RegistryError::BadLength);
    let key = ctx.accounts.graph.key();
    let mut graph = ctx.accounts.graph.load_mut()?;
    for descriptor in descriptors {
        graph.append(descriptor)?;
    }
    if graph.appended == graph.operators {
        graph.seal()?;
    }
    emit!(OperatorsAppended {
        envelope: envelope(&mut graph.sequence, &Clock::get()?)?,
        graph: key,
        appended: graph.appended,
        macs: graph.macs,
        sealed: graph.is_sealed(),
    });
    Ok(())
}
