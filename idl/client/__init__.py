"""What integrators import: program ids, addresses, accounts, instructions, events, errors.

Each program is a module of typed bindings (`from idl.client import staking`); what is the same
for all of them is here. `idl/README.md` shows it in use.
"""
