"""The instructions that set the programs up on any cluster."""

from keeper.chain.deploy.instructions import FIRST_TERMS, deploy_instructions

__all__ = ["FIRST_TERMS", "deploy_instructions"]
