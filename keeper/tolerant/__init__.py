"""The tolerant class: tasks whose results nobody can recompute bit by bit.

Several providers run the same kernel, and those that agree are paid. There is no fraud proof, and
disagreeing never costs stake.
"""
