"""What the roles of both classes share: the loop, the mirror, the vault, registration, payment."""
