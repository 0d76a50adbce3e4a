"""Seeded marketplaces in which some parties behave as badly as the programs let them.

`python -m tests.adversaries SEED` plays one seed; two numbers are a range of seeds. A seed assigns
every part (`casting`), each kind of party is a class (`providers`, `verifiers`, `buyers`,
`outsiders`), and `promises` says what must be true at the end, however they behaved.

Honest parties are assumed to act before their deadlines, sometimes in the very last slot.
"""
