// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;
use operators::descriptor::{
    same_bytes, Descriptor, Dtype, Fault, Input, Shape, DESCRIPTOR_BYTES, MAX_JOB_INPUTS,
    MAX_OPERATORS,
};
use protocol::merkle::{Digest, SPEC};

use crate::errors::{Checked, RegistryError};

const OPERATORS: usize = MAX_OPERATORS as usize;
const JOB_INPUTS: usize = MAX_JOB_INPUTS as usize;
/// A tree of 256 leaves has at most one pending node at each of its heights.
const FRONTIER: usize = 9;

protocol::codes! {
    /// Values of `Graph.state`.
    pub enum GraphState {
        /// Its author may append operators.
        Open = 0,
        /// Its operators hash to its spec root, and jobs may refer to it.
        Sealed = 1,
    }
}

/// PDA `["graph", author, spec_root]`: the part of a graph's descriptors that the chain keeps. A
/// graph is open while its author appends operators, and sealed for good once they hash to
/// `spec_root`.
#[account(zero_copy)]
#[derive(Debug, PartialEq, Eq)]
pub struct Graph {
    pub author: Pubkey,
    pub spec_root: [u8; 32],
    pub frontier: [[u8; 32]; FRONTIER],
    /// For each operator, the multiply-adds of all operators up to and including it.
    pub cumulative_macs: [u64; OPERATORS],
    pub macs: u64,
    pub sequence: u64,
    /// Output shape of each operator, NHWC.
    pub shapes: [[u32; 4]; OPERATORS],
    /// Shape of each job input, as declared by the first operator that reads it.
    pub input_shapes: [[u32; 4]; JOB_INPUTS],
    pub dtypes: [u8; OPERATORS],
    /// Element type of each job input; zero for an input that no operator reads yet.
    pub input_dtypes: [u8; JOB_INPUTS],
    pub operators: u16,
    pub appended: u16,
    pub inputs: u8,
    pub state: u8,
    pub bump: u8,
    pub padding: [u8; 1],
}

const _: () = assert!(core::mem::size_of::<Graph>() == 6_912);

impl Graph {
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    pub fn open(&mut self, author: Pubkey, spec_root: Digest, operators: u16) -> Result<()> {
        require!((1..=MAX_OPERATORS).contains(&operators), RegistryError::OperatorLimit);
        self.author = author;
        self.spec_root = spec_root;
        self.operators = operators;
        self.state = GraphState::Open as u8;
        Ok(())
    }

    pub fn is_sealed(&self) -> bool {
        self.state == GraphState::Sealed as u8
    }

    /// Appends the next operator if it obeys its own rules and reads only tensors that exist.
    pub fn append(&mut self, bytes: &[u8; DESCRIPTOR_BYTES]) -> Result<()> {
        require!(!self.is_sealed(), RegistryError::GraphSealed);
        require!(self.appended < self.operators, RegistryError::BadLength);
        let descriptor = Descriptor::parse(bytes).map_err(RegistryError::from)?;
        for (slot, input) in descriptor.inputs.iter().enumerate() {
            let shape = descriptor.input_shapes.get(slot).checked()?;
            let dtype = descriptor.input_dtype(slot);
            match input {
                Some(Input::Operator(source)) => self.check_edge(*source, shape, dtype),
                Some(Input::Job(number)) => self.check_job_input(*number, shape, dtype),
                _ => Ok(()),
            }
            .map_err(RegistryError::from)?;
        }
        let at = usize::from(self.appended);
        self.macs = self.macs.checked_add(descriptor.multiply_adds()).checked()?;
        *self.cumulative_macs.get_mut(at).checked()? = self.macs;
        *self.shapes.get_mut(at).checked()? = descriptor.output_shape;
        *self.dtypes.get_mut(at).checked()? = descriptor.dtype_out as u8;
        SPEC.append(&mut self.frontier, u64::from(self.appended), SPEC.leaf(bytes)).checked()?;
        self.appended = self.appended.checked_add(1).checked()?;
        Ok(())
    }

    /// Seals the graph, so that jobs may refer to it.
    pub fn seal(&mut self) -> Result<()> {
        let count = self.input_dtypes.iter().take_while(|dtype| **dtype != 0).count();
        let read = self.input_dtypes.iter().filter(|dtype| **dtype != 0).count();
        require!(count > 0 && count == read, RegistryError::BadTopology);
        let root = SPEC.frontier_root(&self.frontier, u64::from(self.operators)).checked()?;
        require!(root == self.spec_root, RegistryError::SpecRootMismatch);
        self.inputs = u8::try_from(count).ok().checked()?;
        self.state = GraphState::Sealed as u8;
        Ok(())
    }

    fn check_edge(
        &self,
        source: u32,
        shape: &Shape,
        dtype: Dtype,
    ) -> std::result::Result<(), Fault> {
        if source >= u32::from(self.appended) {
            return Err(Fault::BadTopology);
        }
        let at = source as usize;
        match (self.shapes.get(at), self.dtypes.get(at)) {
            (Some(offered), Some(code))
                if *code == dtype as u8 && same_bytes(offered, shape, dtype) =>
            {
                Ok(())
            }
            _ => Err(Fault::OperandMismatch),
        }
    }

    fn check_job_input(
        &mut self,
        number: u32,
        shape: &Shape,
        dtype: Dtype,
    ) -> std::result::Result<(), Fault> {
        let at = number as usize;
        let (Some(offered), Some(code)) =
            (self.input_shapes.get_mut(at), self.input_dtypes.get_mut(at))
        else {
            return Err(Fault::InputLimit);
        };
        if *code == 0 {
            (*offered, *code) = (*shape, dtype as u8);
        }
        if *code == dtype as u8 && same_bytes(offered, shape, dtype) {
            Ok(())
        } else {
            Err(Fault::OperandMismatch)
        }
    }
}
