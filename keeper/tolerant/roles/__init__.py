"""The roles of the tolerant class: each connects chain, decisions, computing and data for a key."""
