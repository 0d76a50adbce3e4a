#[cfg(target_os = "solana")]
use solana_compiler_builtins as _;

use anchor_lang::prelude::*;

declare_id!(protocol::addresses::JOB_REGISTRY);

#[program]
pub mod job_registry {}
