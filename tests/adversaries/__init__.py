"""Seeded marketplaces in which some parties behave as badly as the programs let them.

`python -m tests.adversaries SEED` plays one; two numbers are a range. A seed casts everybody
(`casting`), each kind of party is a class (`providers`, `verifiers`, `buyers`, `outsiders`), and
`promises` says what must be true at the end whatever they did.

Honest parties are assumed to act before their deadlines, at times in the very last slot.
"""
