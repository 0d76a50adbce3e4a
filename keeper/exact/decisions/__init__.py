"""Pure decisions: from a snapshot of the chain and a slot to the next action."""
