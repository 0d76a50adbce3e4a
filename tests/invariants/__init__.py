"""Invariants over every order of steps: a state machine over the programs of a job."""
