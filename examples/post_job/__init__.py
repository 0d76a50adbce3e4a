"""Posts a job with `idl.client`, solana and solders alone, as an integrator would."""
