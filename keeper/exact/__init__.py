"""The exact class: jobs whose every element can be proved right or wrong."""
