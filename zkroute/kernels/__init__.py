"""Compiled kernels (numba), reached only through zkroute.algebra.engine."""
