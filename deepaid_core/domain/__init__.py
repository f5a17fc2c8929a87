"""Plain frozen values that every other layer shares; NumPy only."""
