"""Bring the programs to life on a cluster: parameters, order, localnet's keys."""

from keeper.chain.deploy.instructions import Parameters, deploy_instructions
from keeper.chain.deploy.localnet import (
    LOCALNET_PARAMETERS,
    Deployment,
    built_programs,
    deploy_localnet,
    localnet_keypair,
    localnet_mint,
)

__all__ = [
    "LOCALNET_PARAMETERS",
    "Deployment",
    "Parameters",
    "built_programs",
    "deploy_instructions",
    "deploy_localnet",
    "localnet_keypair",
    "localnet_mint",
]
