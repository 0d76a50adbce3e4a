"""Attacks that an audit carried out, each with the amounts that it gained or cost."""
