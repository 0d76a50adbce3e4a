"""What all roles of the node share: the loop, the view of the chain, journal, registration."""
