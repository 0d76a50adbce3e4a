"""Posts a job with `neurolov_client`, solana, solders and httpx alone, as an integrator would."""
