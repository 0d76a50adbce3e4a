//! Seeds of every program-derived address, named after the account at that address.

pub const CPI: &[u8] = b"cpi";

pub const POOL: &[u8] = b"pool";
pub const STAKE_VAULT: &[u8] = b"stake_vault";
pub const REWARD_VAULT: &[u8] = b"reward_vault";
pub const EMISSION_VAULT: &[u8] = b"emission_vault";
pub const VERIFIERS: &[u8] = b"verifiers";
/// `["snapshot", epoch parity]`
pub const SNAPSHOT: &[u8] = b"snapshot";
/// `["position", owner]`
pub const POSITION: &[u8] = b"position";
/// `["ticket", owner, id u64 LE]` of staking, `["ticket", job, challenger]` of verdict
pub const TICKET: &[u8] = b"ticket";
/// `["exposure", job, owner]`
pub const EXPOSURE: &[u8] = b"exposure";
/// `["terms", version u16 LE]`
pub const TERMS: &[u8] = b"terms";
/// `["seat", index u16 LE]`
pub const SEAT: &[u8] = b"seat";

/// Of escrow.
pub const CONFIG: &[u8] = b"config";
/// `["fees", shard]`
pub const FEES: &[u8] = b"fees";
/// `["escrow", job]`
pub const ESCROW: &[u8] = b"escrow";
/// `["vault", job]`
pub const VAULT: &[u8] = b"vault";

pub const MARKET: &[u8] = b"market";
/// `["utilisation", shard]`
pub const UTILISATION: &[u8] = b"utilisation";
/// `["provider", owner]`
pub const PROVIDER: &[u8] = b"provider";
/// `["verifier", owner]`
pub const VERIFIER: &[u8] = b"verifier";
/// `["buyer", owner]`, of the registry and of redundancy
pub const BUYER: &[u8] = b"buyer";
/// `["graph", author, spec_root]`
pub const GRAPH: &[u8] = b"graph";
/// `["job", buyer, id u64 LE]`
pub const JOB: &[u8] = b"job";

/// `["verdict", job]`
pub const VERDICT: &[u8] = b"verdict";
/// `["receipt", job]`
pub const RECEIPT: &[u8] = b"receipt";

/// `["task", buyer, id u64 LE]`
pub const TASK: &[u8] = b"task";
