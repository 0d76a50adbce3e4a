// bytemuck's derives are unsafe impls whose soundness the compiler checks
#![allow(unsafe_code)]

use anchor_lang::prelude::*;

use super::declaring::parameters;

protocol::limits! {
    /// Greatest share of a paid price that any terms may let the market keep, in basis points.
    pub const MAX_FEE_BPS: u64 = 2_000;
}

parameters! {
    /// Parameters of staking. Durations are in slots and amounts in base units of $NLOV.
    pub struct StakingParams {
        /// Slots from an unstake request until its ticket can be withdrawn. Queued terms wait as
        /// long, so whoever disagrees with them can leave first.
        pub unbonding_slots in 16..=20_000_000,
        /// Slots over which new rewards stream.
        pub reward_period_slots in 16..=20_000_000,
        /// Base units that the emission hands out per slot before its first halving.
        pub emission_per_slot in 0..=1_000_000_000_000,
        /// Slots from one halving of the emission to the next. No later terms change it.
        pub halving_slots in 16..=1_000_000_000,
        /// Least collateral of a verifier's seat.
        pub min_verifier_stake in 1..=1_000_000_000_000_000,
        /// Share of a slash that is burned, in basis points.
        pub slash_burn_bps in 1..=10_000,
    }

    /// Parameters of escrow.
    pub struct EscrowParams {
        /// Amount that every posting burns, so that posting is never free.
        pub posting_fee in 0..=1_000_000_000_000,
        /// Share of the urgency premium that posting burns, in basis points.
        pub urgency_burn_bps in 0..=10_000,
        /// Share of every paid price that the market keeps, in basis points.
        pub fee_bps in 0..=MAX_FEE_BPS,
        /// Share of the fees that stakers receive, in basis points.
        pub stakers_bps in 0..=10_000,
        /// Share of the fees that the treasury receives, in basis points.
        pub treasury_bps in 0..=10_000,
        /// Share of the fees that is burned, in basis points.
        pub burn_bps in 0..=10_000,
    }

    /// Parameters of the job registry.
    pub struct RegistryParams {
        /// Slots after posting or reopening in which a provider may claim.
        pub claim_window_slots in 16..=5_000_000,
        /// Slots that a lease runs after its claim and after each committed stage.
        pub lease_slots in 16..=5_000_000,
        /// Multiply-adds per slot. No lease runs longer than `lease_slots` plus the time that the
        /// job takes at this rate.
        pub min_rate_macs_per_slot in 1..=1_000_000_000_000_000,
        /// Windows between the one of a provider's registration and the one of the first job that
        /// it may claim.
        pub min_registration_windows in 0..=1_000,
        /// Price factor of the season, Q32.
        pub season_q32 in 1..=17_179_869_184,
        /// Base units of stake that give a score of 1.
        pub stake_ref in 1..=1_000_000_000_000_000_000,
        /// Base units of urgency premium that give a score of 1.
        pub urgency_ref in 1..=1_000_000_000_000_000_000,
        /// Multiply-adds that give a score of 1.
        pub complexity_ref in 1..=1_000_000_000_000_000_000,
        /// Amount that readers add to the score of a waiting job, Q32 per slot.
        pub ageing_q32 in 0..=4_294_967_296,
        /// Average number of slots that a provider with all the stake waits for its turn.
        pub claim_scale_slots in 0..=10_000,
        /// Slots after which every provider may claim.
        pub claim_max_delay_slots in 0..=1_000_000,
        /// Multiply-adds per slot that double the price.
        pub capability_ref in 1..=1_000_000_000_000_000_000,
        /// Slots without a settled job in which a provider's reputation halves.
        pub reputation_half_life_slots in 16..=1_000_000_000,
        /// Base units of a lease's price that earn a settled job its full gain of reputation.
        pub reputation_ref in 1..=1_000_000_000_000_000,
        /// Stake exposed per unit of the offered price.
        pub kappa in 1..=1_000,
        /// Least stake that a lease exposes.
        pub min_exposure in 0..=1_000_000_000_000_000,
        /// Share of the offered price that an expired lease costs, in basis points.
        pub bond_bps in 0..=10_000,
        /// Number of leases that may expire before the job ends.
        pub max_attempts in 1..=255,
        /// Least price of a job, and of a run of a task.
        pub min_price in 1..=1_000_000_000_000_000,
        /// Least tip per crank step.
        pub min_tip in 0..=1_000_000_000_000,
    }

    /// Parameters of verdict.
    pub struct VerdictParams {
        /// Probability that the result of a provider with full reputation is verified, in basis
        /// points.
        pub p_floor_bps in 1..=10_000,
        /// Share of verifiers assumed to collude with a provider, in basis points.
        pub collusion_bps in 0..=10_000,
        /// Share of verifiers assumed to accept without checking, in basis points.
        pub lazy_bps in 0..=10_000,
        /// Share of verified results that are traps, in basis points. Whoever wants honest verifiers
        /// posts enough traps to keep it up.
        pub trap_rate_bps in 0..=10_000,
        /// Amount that a verifier saves by accepting without checking.
        pub check_cost in 0..=1_000_000_000_000_000,
        /// Stake that a ballot exposes, whatever the job's price.
        pub ballot_exposure in 1..=1_000_000_000_000_000,
        /// Least verification fee per ballot, as a share of `ballot_exposure` in basis points.
        pub ballot_rent_bps in 0..=10_000,
        /// Challenger's share of the slashed stake that is not burned, in basis points.
        pub bounty_bps in 0..=10_000,
        /// Slots that the buyer has to reveal the salt before a draw may proceed without it.
        pub salt_slots in 16..=5_000_000,
        /// Slots in which the drawn verifiers must cast their ballots.
        pub ballot_slots in 16..=5_000_000,
        /// Slots in which the verifiers must then reveal them.
        pub reveal_slots in 16..=5_000_000,
        /// Slots before an accepted or unsampled result is paid.
        pub challenge_slots in 16..=5_000_000,
        /// Slots before a result without a quorum is paid.
        pub public_slots in 16..=5_000_000,
        /// Slots in which a majority's rejection must be proven.
        pub proof_slots in 16..=5_000_000,
        /// Slots in which a provider must answer for its data. SlotHashes must still hold the hash
        /// that chose the questions in the last of them.
        pub answer_slots in 100..=400,
        /// Slots after a proof in which the buyer may show that the job is a trap.
        pub trap_slots in 16..=5_000_000,
        /// Amount that a drawn verifier loses by neither casting nor declining its ballot, or by
        /// withholding a cast one.
        pub silence_fee in 0..=1_000_000_000_000_000,
    }

    /// Parameters of redundancy.
    pub struct RedundancyParams {
        /// Slots after posting, and after each extension, in which providers may join.
        pub join_slots in 16..=5_000_000,
        /// Slots after the last join in which every provider must commit.
        pub run_slots in 16..=5_000_000,
        /// Slots in which the providers that committed must reveal.
        pub reveal_slots in 16..=5_000_000,
        /// Slots in which the providers that revealed must compare.
        pub compare_slots in 16..=5_000_000,
        /// Average number of slots that a provider with all the stake waits for its turn.
        pub claim_scale_slots in 0..=10_000,
        /// Slots after which every provider with enough standing stake may join.
        pub claim_max_delay_slots in 0..=1_000_000,
        /// Share of a run's price that a silent provider loses, in basis points. It is at least what
        /// an undecided task costs per run that committed: a buyer that blocks its own task by keys
        /// that keep silent would otherwise pay less per honest output than by keys that commit.
        pub bond_bps in 5_000..=10_000,
        /// Stake that a run exposes, and that must have stood before the task, per unit of price.
        pub join_kappa in 1..=1_000,
    }
}

/// Every parameter of every program.
#[derive(
    AnchorSerialize,
    AnchorDeserialize,
    bytemuck::Pod,
    bytemuck::Zeroable,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
)]
#[repr(C)]
pub struct Parameters {
    /// Stake, seats and rewards.
    pub staking: StakingParams,
    /// Payments and fees.
    pub escrow: EscrowParams,
    /// Jobs, providers and leases.
    pub job_registry: RegistryParams,
    /// Draws, ballots and proofs.
    pub verdict: VerdictParams,
    /// Tasks that several providers run.
    pub redundancy: RedundancyParams,
}

/// Number of parameters.
pub const PARAMETERS: usize = std::mem::size_of::<Parameters>() / std::mem::size_of::<u64>();

impl Parameters {
    /// Returns every value, in the order of [`Parameters::bounds`].
    pub fn values(&self) -> &[u64; PARAMETERS] {
        bytemuck::cast_ref(self)
    }

    /// Returns the least and the greatest value of every parameter.
    pub fn bounds() -> impl Iterator<Item = (u64, u64)> {
        [
            StakingParams::BOUNDS,
            EscrowParams::BOUNDS,
            RegistryParams::BOUNDS,
            VerdictParams::BOUNDS,
            RedundancyParams::BOUNDS,
        ]
        .into_iter()
        .flatten()
        .copied()
    }
}
