"""Pure facts and rules that the decisions of both classes share."""
