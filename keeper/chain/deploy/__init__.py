"""The instructions that set the programs up on any cluster."""

from keeper.chain.deploy.instructions import Parameters, deploy_instructions

__all__ = ["Parameters", "deploy_instructions"]
