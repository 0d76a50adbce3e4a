"""What one owner did, earned, lost and has at risk, from the chain's accounts and events alone."""
