"""Pure decisions: a snapshot of the chain and a slot in, the next action out."""
