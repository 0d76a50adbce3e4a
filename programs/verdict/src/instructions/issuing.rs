use anchor_lang::prelude::*;
use protocol::{creation, seeds};

use crate::{
    errors::Checked,
    state::{initialised, Receipt, Stage, Verdict},
};

/// The accounts for issuing a receipt that records why a provider is to be slashed.
pub struct Issuing<'a, 'info> {
    pub payer: &'a AccountInfo<'info>,
    pub receipt: &'a AccountInfo<'info>,
    pub input_root: [u8; 32],
}

impl Issuing<'_, '_> {
    /// Creates the receipt at its canonical address and fills in what the verdict knows of `stage`.
    /// `complete` fills in the rest.
    pub fn issue(
        &self,
        verdict: &Verdict,
        stage: &Stage,
        slot: u64,
        complete: impl FnOnce(&mut Receipt),
    ) -> Result<()> {
        let seeds: [&[u8]; 2] = [seeds::RECEIPT, verdict.job.as_ref()];
        let bump = creation::canonical_bump(self.receipt.key, &seeds, &crate::ID)
            .ok_or(ErrorCode::ConstraintSeeds)?;
        let seeds: [&[u8]; 3] = [seeds::RECEIPT, verdict.job.as_ref(), &[bump]];
        creation::create(self.payer, self.receipt, &crate::ID, Receipt::SPACE, &seeds)?;
        let mut data = self.receipt.try_borrow_mut_data()?;
        let receipt: &mut Receipt = initialised(&mut data).checked()?;
        receipt.job = verdict.job;
        receipt.graph = verdict.graph;
        receipt.input_root = self.input_root;
        receipt.provider = stage.provider;
        receipt.stage_root = stage.root;
        receipt.challenger = verdict.fraud.challenger;
        receipt.stage = verdict.fraud.stage;
        receipt.slot = slot;
        receipt.bump = bump;
        complete(receipt);
        Ok(())
    }
}
