"""Seeded marketplaces in which some parties behave as badly as the programs let them."""
