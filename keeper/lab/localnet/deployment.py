"""Localnet's keys and parameters, and the deployment of the built programs onto its bank."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.chain.deploy import deploy_instructions
from keeper.chain.errors import transaction_failure
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet import Bank, TokenMint
from neurolov_client import DEPLOYER, PROGRAM_IDS, staking

BUILT: Final = Path(__file__).resolve().parent / "built"
"""The committed programs: a link to programs/built here, copies in an installed lab."""
_Q32: Final = 2**32
_DEPLOYER_LAMPORTS: Final = 100 * 10**9

CHECKPOINT_SLOTS: Final = 150
"""Slots per window on localnet."""

LOCALNET_PARAMETERS: Final = staking.Parameters(
    staking=staking.StakingParams(
        unbonding_slots=200,
        reward_period_slots=500,
        emission_per_slot=1_000_000,
        halving_slots=1_000_000,
        min_verifier_stake=100 * NLOV,
        slash_burn_bps=5_000,
    ),
    escrow=staking.EscrowParams(
        posting_fee=10_000_000,
        urgency_burn_bps=5_000,
        fee_bps=500,
        stakers_bps=5_000,
        treasury_bps=3_000,
        burn_bps=2_000,
    ),
    job_registry=staking.RegistryParams(
        claim_window_slots=300,
        lease_slots=150,
        min_rate_macs_per_slot=1_000_000,
        min_registration_windows=1,
        season_q32=_Q32,
        stake_ref=10_000 * NLOV,
        urgency_ref=10 * NLOV,
        complexity_ref=2**33,
        ageing_q32=_Q32 // 10_000,
        claim_scale_slots=2,
        claim_max_delay_slots=64,
        capability_ref=100_000_000,
        reputation_half_life_slots=72_000,
        reputation_ref=NLOV,
        kappa=25,
        min_exposure=NLOV,
        bond_bps=1_000,
        max_attempts=3,
        min_price=NLOV // 100,
        min_tip=NLOV // 1_000,
    ),
    verdict=staking.VerdictParams(
        salt_slots=64,
        ballot_slots=150,
        reveal_slots=150,
        challenge_slots=20,
        public_slots=60,
        proof_slots=100,
        answer_slots=150,
        trap_slots=20,
        trap_rate_bps=100,
        check_cost=NLOV // 100,
        ballot_exposure=10 * NLOV,
        ballot_rent_bps=200,
        silence_fee=NLOV // 10,
        p_floor_bps=1_000,
        collusion_bps=2_500,
        lazy_bps=0,
        bounty_bps=5_000,
    ),
    redundancy=staking.RedundancyParams(
        join_slots=150,
        run_slots=300,
        reveal_slots=150,
        compare_slots=150,
        claim_scale_slots=2,
        claim_max_delay_slots=64,
        bond_bps=5_000,
        join_kappa=10,
    ),
)


def localnet_mint() -> TokenMint:
    """Localnet's $NLOV."""
    return TokenMint(localnet_keypair("mint"), localnet_keypair("mint authority"))


def built_programs() -> Mapping[Pubkey, Path]:
    """Returns the committed build of each program, by its id."""
    return {address: BUILT / f"{name}.so" for name, address in PROGRAM_IDS.items()}


@dataclass(frozen=True, slots=True)
class Deployment:
    """Who governs a deployment and where its treasury is."""

    mint: TokenMint
    authority: Keypair
    treasury_owner: Keypair
    treasury: Pubkey


def deploy_localnet(bank: Bank, parameters: staking.Parameters = LOCALNET_PARAMETERS) -> Deployment:
    """Create the mint where it is missing and initialise the programs that `bank` has loaded.

    Raises ChainError where a program refuses.
    """
    mint = localnet_mint()
    authority = localnet_keypair("authority")
    treasury_owner = localnet_keypair("treasury")
    deployer = localnet_keypair("deployer")
    if bank.account(mint.address) is None:
        mint.create(bank)
    bank.airdrop(DEPLOYER, _DEPLOYER_LAMPORTS)
    for instructions in deploy_instructions(
        parameters=parameters,
        checkpoint_slots=CHECKPOINT_SLOTS,
        mint=mint.address,
        authority=authority.pubkey(),
        treasury_owner=treasury_owner.pubkey(),
    ):
        record = bank.execute(instructions, [deployer])
        if not record.ok:
            raise transaction_failure(
                record.err,
                logs=record.logs,
                programs=[instruction.program_id for instruction in instructions],
            )
    treasury = mint.token_account(treasury_owner.pubkey())
    return Deployment(mint, authority, treasury_owner, treasury)
