"""Kernels for every processor: four 64-bit limbs, products through 128-bit integers."""
