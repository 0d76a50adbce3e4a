"""Pure decisions about tasks: `next_action` for each role."""
