"""Instructions that move a job on, in the present slot, allowed or not."""

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.judgement import loss_destination
from neurolov_client import escrow, job_registry, shard_of, staking, verdict
from tests.adversaries.life import Life
from tests.adversaries.run import Run
from tests.world import Actor


def draw(run: Run, cranker: Actor, life: Life, salt: bytes | None) -> Instruction:
    return verdict.draw(
        salt=salt,
        cranker=cranker.key,
        verdict=verdict.verdict_address(life.job.address),
        terms=run.terms(life),
        even=staking.snapshot_address(0),
        odd=staking.snapshot_address(1),
    )


def tally(run: Run, cranker: Actor, life: Life) -> Instruction:
    return verdict.tally(
        cranker=cranker.key,
        verdict=verdict.verdict_address(life.job.address),
        terms=run.terms(life),
    )


def settle(run: Run, cranker: Actor, life: Life) -> Instruction:
    return verdict.settle(
        cranker=cranker.key,
        job=life.job.address,
        provider=job_registry.provider_address(run.job(life).lease.provider),
        utilisation=job_registry.utilisation_address(shard_of(life.job.address)),
        terms=run.terms(life),
    )


def void(run: Run, cranker: Actor, life: Life, blamed: Pubkey) -> Instruction:
    return verdict.void(
        cranker=cranker.key,
        job=life.job.address,
        provider=job_registry.provider_address(blamed),
        utilisation=job_registry.utilisation_address(shard_of(life.job.address)),
        terms=run.terms(life),
        escrow_config=escrow.config_address(),
        destination=loss_destination(run.world, life.job),
        position=staking.position_address(blamed),
        exposure=staking.exposure_address(life.job.address, blamed),
    )


def expire_answers(payer: Actor, life: Life) -> Instruction:
    return verdict.expire_answers(payer=payer.key, job=life.job.address, graph=life.job.graph)


def expire_job(run: Run, cranker: Actor, life: Life) -> Instruction:
    return job_registry.expire_job(cranker=cranker.key, terms=run.terms(life), job=life.job.address)


def expire_lease(run: Run, life: Life) -> Instruction:
    provider = run.job(life).lease.provider
    exposure = staking.exposure_address(life.job.address, provider)
    return job_registry.expire_lease(
        terms=run.terms(life),
        job=life.job.address,
        provider=job_registry.provider_address(provider),
        escrow_config=escrow.config_address(),
        fee_vault=escrow.fees_address(shard_of(life.job.address)),
        position=staking.position_address(provider),
        payer=run.world.fetch(staking.Exposure, exposure).payer,
        exposure=exposure,
    )


def adopt_partial(cranker: Actor, life: Life) -> Instruction:
    return verdict.adopt_partial(cranker=cranker.key, job=life.job.address)
