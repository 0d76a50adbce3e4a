"""Posts a job with `idl.client`, solana, solders and httpx alone, as an integrator would."""
