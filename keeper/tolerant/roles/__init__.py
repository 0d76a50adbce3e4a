"""The roles of the tolerant class."""
