"""Interface of the on-chain programs: committed IDLs and the Python client built on them."""
